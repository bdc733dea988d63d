// Makes SentenceBoundaries.json: node make-sentence-boundaries.js > SentenceBoundaries.json
const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });
const texts = [
  // ten languages
  '今天天气很好。我们去公园吧！你来吗？好的……走吧。', '他说：“走吧。”然后离开了。价格是3.14元。',
  'Hello there. How are you? Fine! He said "Go." Then he left. It costs $3.14. No. 5 is here. See e.g. page 5. Dr. Smith came. U.S.A. won.',
  '今日はいい天気ですね。「行こう。」と彼は言った。本当？はい！', 'ｱｲｳ｡ｴｵ。「はい。」（そう。）次。',
  '안녕하세요. 오늘은 날씨가 좋네요! 정말요? 네. "가자." 그가 말했다.',
  'Guten Tag. Am 1. Januar kam Dr. Müller. Es war z. B. kalt. „Komm!“, rief er. »Wirklich?« Ja, am 3. Oktober.',
  'Bonjour. « Quoi ? » dit-il. M. Dupont est là… Oui ! C’est p. ex. ici. Non ; jamais.',
  'Привет. Как дела? Это т. е. так. Москва, 1990 г. Потом и т. д. «Да!» — сказал он. И. И. Иванов пришёл.',
  'Olá. O Sr. Silva chegou. Custa 3,50 reais. Certo? Sim! E a Profa. Ana?', '¿Qué tal? ¡Muy bien! El Sr. López vive en EE. UU. ¿Sí? ¡No!',
  'Ciao. Il Sig. Rossi è qui. Davvero? Sì! Ecc. ecc. L’art. 5 vale.',
  // other scripts
  'यह एक वाक्य है। यह दूसरा॥ तीसरा? हाँ!', 'สวัสดี ครับ. วันนี้ อากาศดี', 'مرحبا. كيف حالك؟ بخير۔ نعم', 'Γεια σου. Τι κάνεις; Καλά.',
  'შენ. მე ვარ. ᲨᲔᲜ. ab', 'Բարեւ։ Ինչպե՞ս ես։ Լավ։', 'አማርኛ። ሌላ፧ ሦስት፨ ok',
  // edges
  '', ' ', '.', '...', '. . .', 'a', 'A.', 'a.b', 'A.B', 'a.B', 'Ab.C', '1.2', 'a.2', '.5', 'a. 5 b', 'a. 5 B', 'a. (b', 'a. (B', 'a.) b',
  'a.) B', 'a!) b', 'a! b', 'a?! B', 'a?!) ) B', 'a.” B', 'a. ” B', 'a.\u00A0B', 'a.\u2009b', 'a.\tB', 'a\nb', 'a\r\nb', 'a\n\rb', 'a.\nB',
  'a. \nB', 'a. \n B', 'a.)\r\n\r\nB', 'a\u2028b\u2029c\u0085d', 'a\fb\vc', 'a.\fB', '\n\n', '\r', '\r\n', 'a\r', 'a.\u0301 B', 'a\u0301.\u0301B',
  'a.\u200D\u0301)\u0301 \u0301B', '\u0301a. B', 'a\n\u0301b', 'A\u0301.B', 'a.\u00ADb', 'a.\u00ADB', 'a.\u00AD1', 'a, b. , c', 'a. , B', 'a! , B',
  'a. - B', 'a. – B', 'a. — B', 'a. : b', 'a.; B', 'a! ; B', 'a. * b', 'a. * B', 'a. *. B', 'a. 1 2 3 b', 'a. 1 2 3\nb', 'a. 1! b', 'a. 中 b',
  'a. \u{1F600} b', 'a. \u{1F600} B', 'a! \u{1F600}', '\u{10400}.\u{10401}', '\u{10428}.\u{10400}', 'a. \u{10428}', 'a. \u{10400}', '𝟏.𝟐',
  'x\u{1F468}\u200D\u{1F469}. Y', 'a．B', 'a．b', 'a．１', 'a․B', 'a﹒ B', 'a。b', 'a。」b', 'a。）。b', '！！？', '«a.» b', '«a.» B', '(a. B)', '((a.)) B', 'a.)b',
  'a.)B', 'a.)1', 'a.) 1', 'i. e. x', 'e.g. X', 'No. 5', 'p. 5. Q', 'www.example.org. B', 'v1.2.3. B', '12.30 Uhr. Dann', 'Mr. and Mrs. X',
  'Who? (Me.) You.', '"A." "B."', '“A?” “B!”', "'a.' B", 'a.ʰ', 'a. ǅ', 'ǅ.B', 'ª. ª', 'A. ⁂ b', 'a. ½ b', 'a\u0000b', 'a.\u0000B', 'a\uFEFF. B', 'a.\u200BB',
];
// All pairs and triples of one character of each class, and random texts of them.
const alphabet = ['\r', '\n', '\u2029', '\u0301', '\u00AD', ' ', 'a', 'B', '中', '7', '.', ',', '!', ')', '*', '\u{1F600}', '\u{10400}', '…', '“', '\u{1D7CE}'];
for (const a of alphabet) for (const b of alphabet) texts.push('a' + a + b + 'B', a + b + 'b');
let state = 12345;
const random = n => (state = (Math.imul(state, 1103515245) + 12345) >>> 0, (state >>> 8) % n);
for (let i = 0; i < 400; i++) { let s = ''; for (let n = random(24) + 3; n > 0; n--) s += alphabet[random(alphabet.length)]; texts.push(s); }
const seen = [...new Set(texts)];
// For each kind of surroundings, the code points behind which the text is split, as one hash of all code points: 1 for a split, else 0.
const contexts = [['a', 'a'], ['a', ' a'], ['1', ' A'], ['!', 'A'], ['a.', '1'], ['! ', 'A'], ['a. ', ''], ['1.', ''], ['A.', ''], ['. ', 'a']];
const hashes = contexts.map(([before, after]) => {
  const bits = Buffer.alloc(0x110000);
  for (let c = 0; c < bits.length; c++) {
    if (c >= 0xD800 && c < 0xE000) continue;
    let own = 0;
    for (const s of segmenter.segment(before + String.fromCodePoint(c) + after)) own = own * 5 + s.segment.length;
    bits[c] = own & 255;
  }
  return { before, after, sha256: require('crypto').createHash('sha256').update(bits).digest('hex') };
});
console.log('{\n"made": "by make-sentence-boundaries.js with node ' + process.version + ', ICU ' + process.versions.icu + ', Unicode ' + process.versions.unicode + '",');
console.log('"codePoints": [\n' + hashes.map(h => JSON.stringify(h)).join(',\n') + '\n],\n"texts": [');
const ascii = s => JSON.stringify(s).replace(/[\u0000-\u001f\u007f-\uffff]/g, c => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
console.log(seen.map(t => '[' + ascii(t) + ',' + JSON.stringify([...segmenter.segment(t)].map(s => s.index + s.segment.length)) + ']').join(',\n') + '\n]\n}');
