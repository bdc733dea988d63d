// Training a voice: recordings, clips, a run in the background, and its result.
import { $, changed, confirmed, el, fill, get, json, plain, post, reload, remove, request, say, server, size } from './lib.js';
import { Player, canvasOf, dropOn, readable, recordWith } from './audio.js';

// While a job runs, the page asks again and again. A stream of events would hold one of the six connections that a browser opens to a
// server, for each open page; and what it would send stands in files of the trainer, which the server would have to read again and again.
const INTERVAL = 1500;
let project = null, timer = 0, shown = {}, ready = false;
const at = part => `/v1/studio/projects/${encodeURIComponent(project.name)}${part}`;
const fail = error => say($('project-status'), error.message, 'bad');

changed.addEventListener('change', async () => {
  const reason = server.about.no_training;
  [$('no-training').textContent, $('no-training').hidden, $('training').hidden] = [reason ?? '', !reason, !!reason];
  if (reason) return;
  fill($('train-model'), server.models.filter(m => m.can_clone).map(m => m.id));
  languages();
  try {
    if (project) await refresh(); // its result may have been removed
    else if (!ready) {
      ready = true;
      await list();
    }
  } catch (error) { fail(error); }
});
const languages = () => fill($('train-language'), [{ value: '', label: 'not named' }, ...(server.models.find(m => m.id === $('train-model').value)?.languages ?? [])]);
$('train-model').addEventListener('change', languages);

async function list(chosen) {
  const { projects } = await get('/v1/studio/projects');
  fill($('project'), [{ value: '', label: projects.length ? 'choose one' : 'none yet' }, ...projects.map(p => ({ value: p.name, label: p.state === 'running' ? `${p.name} (working)` : p.name }))], chosen);
  await open($('project').value);
}

async function open(name) {
  clearTimeout(timer);
  shown = {};
  project = name ? { name } : null;
  $('project-view').hidden = $('project-delete').hidden = !name;
  if (name) await refresh();
}
$('project').addEventListener('change', () => { say($('project-status'), ''); open($('project').value).catch(fail); });

const refresh = async () => show(await get(at('')));

/** Runs a request that answers with the project, and shows it. */
async function act(message, done, work) {
  say($('project-status'), message);
  try {
    show(await work());
    say($('project-status'), done, 'good');
  } catch (error) { fail(error); }
}

$('project-form').addEventListener('submit', async e => {
  e.preventDefault();
  const name = $('project-name').value.trim();
  try {
    await post('/v1/studio/projects', { name });
    $('project-form').reset();
    await list(name);
    say($('project-status'), `The project ${name} is empty. Bring recordings.`, 'good');
  } catch (error) { fail(error); }
});

$('project-delete').addEventListener('click', async () => {
  const name = project.name;
  if (!await confirmed(`Delete the project ${name}?`, 'Its recordings, clips and training runs are deleted from the server. A voice that is served from it stays.')) return;
  try {
    await remove(at(''));
    await list('');
    say($('project-status'), `The project ${name} is deleted.`, 'good');
  } catch (error) { fail(error); }
});

/** Sends recordings, each with the text file of the same name. */
async function bring(files) {
  const stem = name => name.replace(/\.[^.]*$/, ''), isText = f => /\.txt$/i.test(f.name ?? '');
  const sounds = files.filter(f => !isText(f)), texts = new Map(files.filter(isText).map(f => [stem(f.name), f]));
  for (const [i, file] of sounds.entries()) {
    await act(`Sending ${i + 1} of ${sounds.length}…`, `${sounds.length === 1 ? 'The recording is' : `${i + 1} recordings are`} there.`, async () => {
      const known = new Set(project.recordings.map(r => r.id));
      let now = await (await request(at('/recordings'), { method: 'POST', body: await readable(file), headers: { 'Content-Type': 'application/octet-stream' } })).json();
      const text = texts.get(stem(file.name ?? '')), id = now.recordings.find(r => !known.has(r.id))?.id;
      if (text) now = await post(at(`/recordings/${id}`), { text: await text.text() });
      return project = now;
    });
  }
}
dropOn($('train-drop'), $('train-file'), bring);
recordWith($('train-record'), file => bring([file]), message => say($('project-status'), message, 'bad'));

$('slice').addEventListener('click', () => act('Starting…', 'The recordings are being cut.', () => post(at('/slice'), { model: $('train-model').value })));
const train = fresh => act('Starting…', 'Training goes on in the background, also when this page is closed.', () => post(at('/train'), {
  model: $('train-model').value, method: $('train-method').value, language: $('train-language').value || null,
  steps: $('train-steps').value ? Number($('train-steps').value) : null, fresh
}));
$('train-form').addEventListener('submit', e => { e.preventDefault(); train(false); });
$('train-fresh').addEventListener('click', () => train(true));
$('job-stop').addEventListener('click', () => act('Stopping…', 'Stopped. What is done is kept.', () => post(at('/stop'), {})));
$('serve-result').addEventListener('click', async () => {
  const began = Date.now(), clock = setInterval(() => say($('project-status'), `Loading, ${Math.round((Date.now() - began) / 1000)} s…`), 1000);
  $('serve-result').disabled = true;
  await act('Loading…', 'It can be spoken with now.', () => post(at('/serve'), {}).finally(() => clearInterval(clock)));
  $('serve-result').disabled = false;
  await reload().catch(fail);
});

/** Rebuilds a part of the view only if it changed, so that a text that is being written is left alone. */
function part(key, value, build) {
  const text = JSON.stringify(value);
  if (shown[key] === text) return;
  shown[key] = text;
  build(value);
}

function show(now) {
  project = now;
  const running = now.job?.state === 'running';
  part('recordings', now.recordings, all => $('recordings').replaceChildren(...all.map(recordingRow)));
  part('clips', [now.clips, running && now.job.kind], () => $('clips').replaceChildren(...now.clips.map(clipRow)));
  part('losses', now.losses, curve);
  part('takes', now.takes, all => $('run-takes').replaceChildren(...all.map(takeRow)));
  part('result', now.result, result);
  $('slice').disabled = running || !now.recordings.length;
  $('train-go').disabled = running || !(now.clips.length || now.recordings.length);
  $('train-go').textContent = now.losses.length && !now.result ? 'Go on' : 'Train';
  $('train-fresh').hidden = running || !(now.losses.length || now.result || now.job?.kind === 'train');
  $('job-stop').hidden = !running;
  $('job-details').hidden = !now.job;
  if (now.job) {
    part('lines', now.job, job => {
      $('job-lines').textContent = job.lines.join('\n');
      $('job-lines').scrollTop = 1e9;
      const what = job.kind === 'slice' ? 'Cutting' : 'Training', last = job.lines.at(-1) ?? '';
      if (job.state === 'running') say($('project-status'), `${what}… ${last}`);
      else say($('project-status'), { done: `${what} is done.`, stopped: `${what} is stopped.`, failed: `${what} failed: ${last}` }[job.state], job.state === 'failed' ? 'bad' : job.state === 'done' ? 'good' : '');
      if (job.state === 'failed') $('job-details').open = true;
    });
  }
  follow();
}

/** Asks again later, if a job runs and somebody sees the page. */
function follow() {
  clearTimeout(timer);
  if (project?.job?.state === 'running' && !document.hidden) timer = setTimeout(() => refresh().catch(fail), INTERVAL);
}
document.addEventListener('visibilitychange', follow);

function recordingRow(recording) {
  const text = el('textarea', { rows: 1, placeholder: 'What is said in it, if you know', 'aria-label': `Words of recording ${recording.id}`,
    onchange: e => act('', 'Saved.', () => post(at(`/recordings/${recording.id}`), { text: e.target.value })) }, recording.text);
  return el('li', {}, el('span', { class: 'soft small' }, `${recording.id}. ${recording.kind.toUpperCase()}, ${size(recording.bytes)}`), el('div', { class: 'grow' }, text),
    el('button', { type: 'button', class: 'quiet', 'aria-label': `Remove recording ${recording.id}`, onclick: () => act('', 'Removed.', async () => (await request(at(`/recordings/${recording.id}`), { method: 'DELETE' })).json()) }, 'Remove'));
}

const sound = path => async () => (await request(at(path))).blob();

function clipRow(clip) {
  const send = change => act('', 'Saved.', async () => { const now = await post(at(`/clips/${clip.id}`), { text: clip.text, dropped: clip.dropped, ...change }); shown.clips = JSON.stringify([now.clips, false]); Object.assign(clip, now.clips[clip.id]); return now; });
  const player = new Player(`clip ${clip.id + 1}`, { small: true, lazy: sound(`/clips/${clip.id}`) });
  const box = el('input', { type: 'checkbox', checked: clip.dropped, onchange: e => { item.classList.toggle('dropped', e.target.checked); send({ dropped: e.target.checked }); } });
  const item = el('li', { class: clip.dropped ? 'dropped' : '' },
    el('div', { class: 'grow' }, player.element, el('textarea', { rows: 2, 'aria-label': `Words of clip ${clip.id + 1}`, onchange: e => send({ text: e.target.value }) }, clip.text)),
    el('label', { class: 'check' }, box, 'Drop'));
  return item;
}

const takeRow = take => el('li', {}, el('span', { class: 'soft small' }, take.name), el('div', { class: 'grow' }, new Player(`take ${take.name}`, { small: true, lazy: sound(`/takes/${take.id}`) }).element));

function result(now) {
  const whole = now?.kind === 'checkpoint';
  $('serve-result').hidden = !now || now.served;
  $('serve-result').textContent = whole ? 'Serve this model' : 'Speak with it here';
  $('result-text').replaceChildren(...!now ? ['Nothing is trained yet.']
    : now.served ? [`This server speaks with the ${whole ? 'model' : 'voice'} ${project.name}. The list of voices above can remove it.`]
    : whole ? ['A whole model, in ', el('code', {}, now.folder), '. It takes memory of its own beside the other models.'] : ['An adapter of the model that it was trained on.']);
}

/** The losses of the run. */
function curve(points) {
  $('curve-figure').hidden = !points.length;
  if (!points.length) return;
  const draw = () => {
    const [context, width, height] = canvasOf($('curve'));
    if (!width) return;
    const style = getComputedStyle($('curve')), left = 40, bottom = height - 24, right = width - 8;
    const all = points.flatMap(p => [p.loss, p.held_out]).filter(v => v != null), low = Math.min(...all), high = Math.max(...all, low + 0.01);
    const x = p => left + (right - left) * p.step / p.of, y = v => 8 + (bottom - 8) * (high - v) / (high - low);
    context.font = `12px ${style.getPropertyValue('--sans')}`;
    context.fillStyle = style.getPropertyValue('--soft');
    context.strokeStyle = style.getPropertyValue('--line');
    for (let i = 0; i <= 4; i++) {
      const value = low + (high - low) * i / 4;
      context.beginPath();
      context.moveTo(left, y(value));
      context.lineTo(right, y(value));
      context.stroke();
      context.fillText(value.toFixed(2), 4, y(value) + 4);
    }
    context.fillText('step 0', left, height - 4);
    const end = `${points[0].of}`;
    context.fillText(end, right - context.measureText(end).width, height - 4);
    const line = (name, colour, wide) => {
      context.strokeStyle = style.getPropertyValue(colour);
      context.lineWidth = wide;
      context.lineJoin = 'round';
      context.beginPath();
      points.filter(p => p[name] != null).forEach((p, i) => i ? context.lineTo(x(p), y(p[name])) : context.moveTo(x(p), y(p[name])));
      context.stroke();
      context.lineWidth = 1;
    };
    line('loss', '--edge', 1.5);
    line('held_out', '--accent', 2.5);
  };
  $('curve').redraw = draw;
  draw();
  const last = points.at(-1), held = points.findLast(p => p.held_out != null);
  const words = `step ${last.step} of ${last.of}: ${plain(last.loss)}${held ? `, held out ${plain(held.held_out)}` : ''}`;
  $('curve-now').textContent = ` · ${words}`;
  $('curve').setAttribute('aria-label', `Loss of the run, ${words}`);
}
new ResizeObserver(() => $('curve').redraw?.()).observe($('curve'));
