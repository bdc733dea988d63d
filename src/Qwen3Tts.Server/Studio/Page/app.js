// The views, and the first of them: speaking.
import { $, changed, el, fill, reload, say, seconds, server } from './lib.js';
import { LivePlayer, Player, speak } from './audio.js';
import './voices.js';
import './train.js';
import './compare.js';
import './diagnose.js';

const ENDS = { end: 'ended by itself', length: 'cut at the length limit', runaway: 'stopped, because it did not end', context: 'stopped: the model reads no more text' };
const views = ['speak', 'voices', 'compare', 'diagnose'];
let stop = null, takes = 0, lastSeed = null;

function show() {
  if (!server.about) return;
  const view = views.includes(location.hash.slice(1)) ? location.hash.slice(1) : 'speak';
  for (const name of views) $(`view-${name}`).hidden = name !== view;
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === `#${view}`) link.setAttribute('aria-current', 'page'); else link.removeAttribute('aria-current');
  }
  document.title = `${view[0].toUpperCase()}${view.slice(1)} · Qwen3-TTS studio`;
  scrollTo(0, 0);
}

const model = () => server.models.find(m => m.id === $('speak-model').value) ?? server.models[0];

function fillModel() {
  const now = model(), designs = now.type === 'voice_design';
  fill($('speak-voice'), now.voices);
  fill($('speak-language'), [{ value: 'Auto', label: 'Automatic' }, ...now.languages]);
  $('speak-voice-field').hidden = designs || now.voices.length === 0;
  $('no-voice').hidden = designs || now.voices.length > 0;
  $('instruct-field').hidden = !now.can_instruct;
  $('no-instruct').hidden = now.can_instruct;
  $('instruct-label').textContent = designs ? 'The voice, in words' : 'Instruction';
  $('speak-go').disabled = !designs && now.voices.length === 0;
}

changed.addEventListener('change', () => {
  fill($('speak-model'), server.models.map(m => m.id));
  $('speak-model-field').hidden = server.models.length < 2;
  fillModel();
});
$('speak-model').addEventListener('change', fillModel);

function count() {
  const length = $('text').value.length;
  $('text-count').textContent = length ? `${length} of ${server.about?.max_text ?? '…'} characters` : '';
  sessionStorage.setItem('text', $('text').value);
}
$('text').addEventListener('input', count);
$('text').addEventListener('keydown', e => { if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); $('speak-form').requestSubmit(); } });
$('seed-keep').addEventListener('click', () => { $('seed').value = lastSeed; });
$('speak-stop').addEventListener('click', () => stop?.abort());

$('speak-form').addEventListener('submit', async e => {
  e.preventDefault();
  if (stop || $('speak-go').disabled) return;
  const now = model(), text = $('text').value.trim(), number = ++takes;
  const body = { model: now.id, input: text, language: $('speak-language').value };
  if (now.type !== 'voice_design') body.voice = $('speak-voice').value;
  if (now.can_instruct && $('instruct').value.trim()) body.instructions = $('instruct').value.trim();
  const player = new Player(`take ${number}`), facts = el('div', { class: 'facts' }, 'waiting for the first sound…');
  const item = el('li', {}, el('p', { class: 'take-text' }, text), player.element, facts);
  const live = $('live').checked ? new LivePlayer() : null;
  stop = new AbortController();
  stop.signal.addEventListener('abort', () => live?.stop());
  [$('speak-go').disabled, $('speak-stop').hidden, $('no-takes').hidden] = [true, false, true];
  $('takes').prepend(item);
  say($('speak-status'), 'Speaking…');
  try {
    const seed = $('seed').value.trim();
    const spoken = await speak(seed ? { ...body, seed: Number(seed) } : body, {
      signal: stop.signal,
      onSamples: (samples, rate) => { player.add(samples, rate); live?.add(samples, rate); facts.textContent = 'speaking…'; }
    });
    await player.load(spoken.file);
    finish(facts, spoken.done, body, player, number, item);
    say($('speak-status'), `Take ${number}: ${ENDS[spoken.done.finish_reason] ?? spoken.done.finish_reason}.`, spoken.done.finish_reason === 'runaway' ? 'bad' : 'good');
    live?.end();
  } catch (error) {
    live?.stop();
    const stopped = error.name === 'AbortError';
    facts.textContent = stopped ? 'stopped' : error.message;
    facts.classList.toggle('bad', !stopped);
    say($('speak-status'), stopped ? 'Stopped.' : error.message, stopped ? '' : 'bad');
  } finally {
    stop = null;
    [$('speak-go').disabled, $('speak-stop').hidden] = [false, true];
  }
});

function finish(facts, done, body, player, number, item) {
  lastSeed = done.seed;
  $('seed-keep').disabled = false;
  const name = `${body.voice ?? 'designed'}-${done.seed}.wav`;
  facts.replaceChildren(
    el('span', {}, body.voice ?? 'designed voice'), el('span', {}, `seed ${done.seed}`), el('span', {}, seconds(done.seconds)),
    el('span', { class: done.finish_reason === 'end' ? '' : 'warn' }, ENDS[done.finish_reason] ?? done.finish_reason),
    el('span', {}, `first sound after ${seconds(done.first_audio_seconds)}`), el('span', {}, `all after ${seconds(done.total_seconds)}`),
    el('a', { href: player.audio.src, download: name, 'aria-label': `Download take ${number}` }, 'Download'),
    el('button', { type: 'button', class: 'quiet', 'aria-label': `Remove take ${number}`, onclick: () => { player.stop(); item.remove(); $('no-takes').hidden = $('takes').children.length > 0; } }, 'Remove'));
}

addEventListener('hashchange', show);
$('text').value = sessionStorage.getItem('text') ?? '';
try {
  await reload();
  $('loading').hidden = true;
  count();
  show();
} catch (error) {
  $('loading').hidden = true;
  $('failed').hidden = false;
  $('failed').replaceChildren(el('p', {}, error.message), el('button', { type: 'button', onclick: () => location.reload() }, 'Try again'));
}
