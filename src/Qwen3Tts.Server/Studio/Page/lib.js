// What all views share: elements, requests with the key, and streams of events.
export const $ = id => document.getElementById(id);

/** Makes an element: el('p', {class: 'soft'}, 'text', child). Texts are never parsed as HTML. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, '');
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.filter(c => c != null));
  return element;
}

export function fill(select, options, chosen) {
  const before = chosen ?? select.value;
  select.replaceChildren(...options.map(o => typeof o === 'string' ? el('option', { value: o }, o) : el('option', { value: o.value }, o.label)));
  if ([...select.options].some(o => o.value === before)) select.value = before;
}

export function say(element, message, kind = '') {
  element.textContent = message;
  element.className = `status ${kind}`;
}

const number = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
export const seconds = s => `${number.format(s)} s`;
export const plain = x => number.format(x);
export const size = b => b < 1e6 ? `${Math.ceil(b / 1e3)} kB` : `${number.format(b / 1e6)} MB`;

export function save(blob, name) {
  const link = el('a', { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

let asking = null;

/** Asks for the key once, however many requests wait for it. */
function askKey(wrong) {
  return asking ??= new Promise(resolve => {
    const dialog = $('key-dialog');
    $('key-wrong').hidden = !wrong;
    dialog.addEventListener('close', () => {
      asking = null;
      const key = $('key').value.trim();
      $('key').value = '';
      if (key) sessionStorage.setItem('key', key);
      resolve(key);
    }, { once: true });
    dialog.showModal();
  });
}

/** A request. Throws an Error with the server's message. */
export async function request(path, options = {}) {
  for (;;) {
    const key = sessionStorage.getItem('key');
    let answer;
    try {
      answer = await fetch(path, { ...options, headers: { ...options.headers, ...(key ? { Authorization: `Bearer ${key}` } : {}) } });
    } catch (e) {
      if (e.name === 'AbortError') throw e;
      throw new Error('The server does not answer. It may have been stopped: start it again, and load this page again.');
    }
    // another request may have asked for the key meanwhile
    if (answer.status === 401 && (sessionStorage.getItem('key') !== key || await askKey(key !== null))) continue;
    if (answer.ok) return answer;
    let message = `The server answers ${answer.status}.`;
    try { message = (await answer.json()).error.message; } catch { /* no JSON */ }
    throw new Error(message);
  }
}

export const get = async path => (await request(path)).json();
export const post = async (path, body) => (await request(path, json(body))).json();
export const remove = async path => (await request(path, { method: 'DELETE' })).json();
export const json = (body, signal) => ({ method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body), signal });

/** The events of an answer: {event, data}. */
export async function* events(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
      const lines = text.slice(0, end).split('\n');
      const field = name => lines.filter(l => l.startsWith(name + ': ')).map(l => l.slice(name.length + 2)).join('\n');
      yield { event: field('event'), data: JSON.parse(field('data')) };
    }
  }
}

export function confirmed(title, text, yes = 'Delete') {
  const dialog = $('ask-dialog');
  $('ask-title').textContent = title;
  $('ask-text').textContent = text;
  $('ask-yes').textContent = yes;
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true }));
}

/** What the server has; app.js fills it. */
export const server = { models: [], voices: [], about: null };
export const changed = new EventTarget();
export const reload = async () => {
  [{ data: server.models }, { data: server.voices }, server.about] = await Promise.all([get('/v1/models'), get('/v1/audio/voices'), get('/v1/studio')]);
  changed.dispatchEvent(new Event('change'));
};
