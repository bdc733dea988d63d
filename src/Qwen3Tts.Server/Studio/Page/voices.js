// The voices that there are, and saving one from a recording.
import { $, changed, confirmed, el, fill, reload, remove, request, say, server } from './lib.js';
import { Player, dropOn, readable, recordWith } from './audio.js';

const KINDS = { speaker: 'speaker of a model', trained: 'model trained here', saved: 'made from a recording', adapter: 'trained adapter' };
let recording = null, player = null;

changed.addEventListener('change', () => {
  $('voice-list').replaceChildren(...server.voices.map(row));
  $('no-voices').hidden = server.voices.length > 0;
  const cloning = server.models.filter(m => m.can_clone).map(m => m.id);
  fill($('make-model'), cloning);
  $('make-model-field').hidden = cloning.length < 2;
  const reason = !server.about.keeps_voices ? 'This server keeps no voices. Start it with --voices DIR.'
    : !cloning.length ? 'No model of this server copies voices. Start it with a Base model.' : '';
  [$('no-keeping').textContent, $('no-keeping').hidden, $('make-form').hidden] = [reason, !reason, !!reason];
});

function row(voice) {
  const trained = server.models.find(m => m.trained_here && voice.models.includes(m.id));
  return el('li', {},
    el('div', { class: 'grow' }, el('strong', {}, voice.name), el('div', { class: 'small soft' }, `${KINDS[trained && voice.kind === 'speaker' ? 'trained' : voice.kind]} · ${voice.models.join(', ') || 'fits no model that is served'}`)),
    voice.models.length ? el('button', { type: 'button', 'aria-label': `Speak with ${voice.name}`, onclick: () => use(voice) }, 'Speak') : null,
    voice.kind !== 'speaker' ? el('button', { type: 'button', class: 'quiet', 'aria-label': `Delete ${voice.name}`, onclick: () => drop(voice) }, 'Delete')
      : trained ? el('button', { type: 'button', class: 'quiet', 'aria-label': `Remove the model ${trained.id}`, onclick: () => end(trained.id) }, 'Remove') : null);
}

function use(voice) {
  if (!voice.models.includes($('speak-model').value)) {
    $('speak-model').value = voice.models[0];
    $('speak-model').dispatchEvent(new Event('change'));
  }
  $('speak-voice').value = voice.name;
  location.hash = 'speak';
  $('text').focus();
}

async function drop({ name, adapter }) {
  const others = server.voices.filter(v => adapter && v.adapter === adapter && v.name !== name).map(v => v.name);
  const text = !adapter ? 'The voice cannot be brought back.'
    : `Its adapter is deleted from the folder of voices${others.length ? `, and with it ${others.join(', ')}` : ''}. A project that it was trained in stays, and can serve it again.`;
  if (await confirmed(`Delete ${name}?`, `${text} Files that were spoken with it stay.`))
    await gone(`/v1/audio/voices/${encodeURIComponent(name)}`, `The voice ${name} is deleted.`);
}

/** Ends a model that was trained here. */
async function end(model) {
  if (await confirmed(`Remove the model ${model}?`, 'The server frees its memory and no longer speaks with it. Its project stays, and can serve it again.', 'Remove'))
    await gone(`/v1/models/${encodeURIComponent(model)}`, `The model ${model} is removed.`);
}

async function gone(path, message) {
  try {
    await remove(path);
    await reload();
    say($('voice-status'), message, 'good');
  } catch (error) {
    say($('voice-status'), error.message, 'bad');
  }
}

async function bring(file) {
  try {
    say($('make-status'), 'Reading the recording…');
    recording = await readable(file);
    player = new Player('the recording');
    $('make-player').replaceChildren(player.element);
    await player.load(recording);
    say($('make-status'), file.name ? `${file.name} is ready.` : 'The recording is ready.', 'good');
  } catch (error) {
    say($('make-status'), error.message, 'bad');
  }
}
dropOn($('make-drop'), $('make-file'), files => bring(files[0]));
recordWith($('make-record'), bring, message => say($('make-status'), message, 'bad'));

$('make-form').addEventListener('submit', async e => {
  e.preventDefault();
  if (!recording) return say($('make-status'), 'There is no recording yet. Choose a file, or record one.', 'bad');
  const form = new FormData(), name = $('make-name').value.trim();
  form.append('audio_sample', recording, 'recording');
  form.append('name', name);
  form.append('consent', $('make-note').value.trim() || `confirmed in the studio, ${new Date().toISOString().slice(0, 10)}`);
  if ($('make-text').value.trim()) form.append('ref_text', $('make-text').value.trim());
  if (server.models.filter(m => m.can_clone).length > 1) form.append('model', $('make-model').value);
  $('make-go').disabled = true;
  say($('make-status'), 'Making the voice…');
  try {
    const { voice } = await (await request('/v1/audio/voices', { method: 'POST', body: form })).json();
    await reload();
    player?.stop();
    recording = player = null;
    $('make-player').replaceChildren();
    $('make-form').reset();
    say($('make-status'), [`The voice ${voice.name} is ready.`, ...voice.warnings].join(' '), voice.warnings.length ? '' : 'good');
  } catch (error) {
    say($('make-status'), error.message, 'bad');
  } finally {
    $('make-go').disabled = false;
  }
});
