// Sound: speech that arrives in pieces, waveforms, and recordings of the microphone.
import { el, events, json, request, seconds } from './lib.js';

const BUCKET = 0.01; // seconds of one peak

/** Reads a WAV stream whose header names no length, and makes a file with one of it. Its other chunks, such as tags, stay. */
class WavStream {
  header = new Uint8Array(0);
  pieces = [];
  rate = 0;

  /** Adds bytes; returns new samples, or null before the header is complete. */
  add(bytes) {
    if (!this.rate) {
      const joined = new Uint8Array(this.header.length + bytes.length);
      joined.set(this.header);
      joined.set(bytes, this.header.length);
      this.header = joined;
      const view = new DataView(joined.buffer), tag = at => String.fromCharCode(...joined.subarray(at, at + 4));
      let at = 12, rate = 0;
      while (at + 8 <= joined.length && tag(at) !== 'data') {
        if (tag(at) === 'fmt ') rate = view.getUint32(at + 12, true);
        at += 8 + view.getUint32(at + 4, true) + view.getUint32(at + 4, true) % 2;
      }
      if (at + 8 > joined.length) return null;
      [this.rate, this.header, bytes] = [rate, joined.slice(0, at + 8), joined.slice(at + 8)];
    }
    this.pieces.push(bytes);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength & ~1);
    return Float32Array.from({ length: view.byteLength / 2 }, (_, i) => view.getInt16(2 * i, true) / 32768);
  }

  file() {
    const header = this.header.slice(), view = new DataView(header.buffer), length = this.pieces.reduce((n, p) => n + p.length, 0);
    view.setUint32(4, header.length - 8 + length, true);
    view.setUint32(header.length - 4, length, true);
    return new Blob([header, ...this.pieces], { type: 'audio/wav' });
  }
}

/** Plays pieces one after the other, as they arrive. */
export class LivePlayer {
  #context = null;
  #next = 0;

  /** In a click, so that the browser allows sound. */
  constructor() { this.#context = new AudioContext(); }

  add(samples, rate) {
    if (!this.#context || !samples.length) return;
    const buffer = this.#context.createBuffer(1, samples.length, rate), source = this.#context.createBufferSource();
    buffer.copyToChannel(samples, 0);
    source.buffer = buffer;
    source.connect(this.#context.destination);
    this.#next = Math.max(this.#next, this.#context.currentTime + 0.08);
    source.start(this.#next);
    this.#next += buffer.duration;
  }

  /** Waits until all is heard. */
  async end() {
    const left = this.#context ? this.#next - this.#context.currentTime : 0;
    if (left > 0) await new Promise(r => setTimeout(r, left * 1000 + 100));
    this.stop();
  }

  stop() {
    this.#context?.close();
    this.#context = null;
  }
}

/** Speaks. onSamples(samples, rate) gets each piece. Returns {file, done}; done has seed, finish_reason and times. */
export async function speak(body, { signal, onSamples } = {}) {
  const answer = await request('/v1/audio/speech', json({ ...body, response_format: 'wav', stream_format: 'sse' }, signal));
  const wav = new WavStream();
  for await (const { event, data } of events(answer)) {
    if (event === 'speech.audio.error') throw new Error(data.error.message);
    if (event === 'speech.audio.done') return { file: wav.file(), done: data };
    const samples = wav.add(Uint8Array.from(atob(data.audio), c => c.charCodeAt(0)));
    if (samples) onSamples?.(samples, wav.rate);
  }
  throw new Error('The speech broke off. Speak again.');
}

const ICONS = { play: 'M3 1.5v13l11-6.5z', stop: 'M2 2h12v12H2z' };
function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg'), path = document.createElementNS(svg.namespaceURI, 'path');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

let playing = null;
const sizes = new ResizeObserver(entries => entries.forEach(e => e.target.redraw?.()));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => document.querySelectorAll('canvas').forEach(c => c.redraw?.()));

/** A waveform with a button. Sound comes as pieces (add), as a file (load), or from a function that is asked at the first click (lazy). */
export class Player {
  #peaks = [];
  #open = { peak: 0, left: 0 };
  #lazy = null;

  constructor(label, { small = false, lazy = null } = {}) {
    this.#lazy = lazy;
    this.label = label;
    this.audio = el('audio', { preload: 'auto' });
    this.button = el('button', { type: 'button', onclick: () => this.toggle(), onkeydown: e => this.#key(e) });
    this.canvas = el('canvas', { 'aria-hidden': 'true', onclick: e => this.#seek(e) });
    this.time = el('time');
    this.element = el('div', { class: small ? 'player small' : 'player' }, this.button, this.canvas, this.time, this.audio);
    this.canvas.redraw = () => this.#draw();
    sizes.observe(this.canvas);
    for (const name of ['play', 'pause', 'ended']) this.audio.addEventListener(name, () => this.#show());
    this.button.disabled = !lazy;
    this.#show();
  }

  add(samples, rate) {
    for (const sample of samples) {
      this.#open.peak = Math.max(this.#open.peak, Math.abs(sample));
      if (++this.#open.left >= rate * BUCKET) {
        this.#peaks.push(this.#open.peak);
        this.#open = { peak: 0, left: 0 };
      }
    }
    this.time.textContent = seconds(this.#peaks.length * BUCKET);
    this.#draw();
  }

  /** A complete file; its waveform is read if no pieces came before. */
  async load(file) {
    this.file = file;
    this.audio.src = URL.createObjectURL(file);
    this.button.disabled = false;
    if (this.#peaks.length) return this.#draw();
    const buffer = await decode(file);
    if (buffer) this.add(buffer.getChannelData(0), buffer.sampleRate);
  }

  async toggle() {
    if (!this.audio.paused) return this.audio.pause();
    if (this.#lazy && !this.file) {
      this.button.disabled = true;
      try { await this.load(await this.#lazy()); } finally { this.button.disabled = false; }
    }
    await this.play();
  }

  async play() {
    if (playing && playing !== this) playing.audio.pause();
    playing = this;
    this.heard = true;
    await this.audio.play();
    const frame = () => { this.#draw(); if (!this.audio.paused) requestAnimationFrame(frame); };
    frame();
  }

  stop() { this.audio.pause(); }

  #show() {
    const now = this.audio.paused ? 'play' : 'stop';
    this.button.replaceChildren(icon(now));
    this.button.setAttribute('aria-label', `${now === 'play' ? 'Play' : 'Stop'} ${this.label}`);
    this.#draw();
  }

  #seek(e) {
    if (!this.audio.duration) return;
    this.audio.currentTime = this.audio.duration * e.offsetX / this.canvas.clientWidth;
    if (this.audio.paused) this.play(); else this.#draw();
  }

  #key(e) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[e.key];
    if (!step || !this.audio.duration) return;
    e.preventDefault();
    e.stopPropagation();
    this.audio.currentTime = Math.min(this.audio.duration, Math.max(0, this.audio.currentTime + step));
    this.#draw();
  }

  #draw() {
    const [context, width, height] = canvasOf(this.canvas);
    if (!width) return;
    const style = getComputedStyle(this.canvas), bars = Math.floor(width / 4);
    const played = this.audio.duration ? this.audio.currentTime / this.audio.duration : 0;
    const loudest = Math.max(0.05, ...this.#peaks), perBar = this.file ? this.#peaks.length / bars : Math.max(this.#peaks.length / bars, 1);
    for (let i = 0; i < bars; i++) {
      const from = Math.floor(i * perBar), part = this.#peaks.slice(from, Math.max(from + 1, Math.floor((i + 1) * perBar)));
      const tall = part.length ? Math.max(2, Math.max(...part) / loudest * (height - 4)) : 2;
      context.fillStyle = style.getPropertyValue(!part.length ? '--line' : i / bars < played ? '--accent' : '--edge');
      context.beginPath();
      context.roundRect(i * 4, (height - tall) / 2, 2.5, tall, 1.25);
      context.fill();
    }
  }
}

/** A cleared canvas in the pixels of the screen, with its size in CSS pixels. */
export function canvasOf(canvas) {
  const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight, context = canvas.getContext('2d');
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return [context, width, height];
}

/** The samples of a file of any kind that the browser reads; null if it reads none. */
export async function decode(file) {
  const context = new OfflineAudioContext(1, 1, 48000);
  try { return await context.decodeAudioData(await file.arrayBuffer()); } catch { return null; }
}

/** What the server reads: WAV, FLAC, MP3 and Ogg stay, other kinds become WAV. */
export async function readable(file) {
  const head = new TextDecoder('latin1').decode(await file.slice(0, 4).arrayBuffer());
  if (/^(RIFF|fLaC|OggS|ID3)|^\xFF[\xE0-\xFF]/.test(head)) return file;
  const buffer = await decode(file);
  if (!buffer) throw new Error(`'${file.name ?? 'The file'}' is no recording that can be read. Bring WAV, FLAC, MP3 or Ogg.`);
  return toWav(buffer);
}

function toWav(buffer) {
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, c) => buffer.getChannelData(c)), bytes = new ArrayBuffer(44 + 2 * buffer.length);
  const view = new DataView(bytes), put = (at, text) => [...text].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  put(0, 'RIFF'); put(8, 'WAVEfmt '); put(36, 'data');
  view.setUint32(4, bytes.byteLength - 8, true);
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, buffer.sampleRate, true);
  view.setUint32(28, 2 * buffer.sampleRate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  view.setUint32(40, 2 * buffer.length, true);
  for (let i = 0; i < buffer.length; i++) {
    const mean = channels.reduce((sum, c) => sum + c[i], 0) / channels.length;
    view.setInt16(44 + 2 * i, Math.round(32767 * Math.max(-1, Math.min(1, mean))), true);
  }
  return new Blob([bytes], { type: 'audio/wav' });
}

/** Turns a button into one that records; onFile gets a WAV file. Browsers filter voices for calls by default, which is turned off. */
export function recordWith(button, onFile, onError) {
  let recorder = null;
  const label = button.textContent;
  button.addEventListener('click', async () => {
    if (recorder) return recorder.stop();
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false } });
      const parts = [], began = performance.now();
      recorder = new MediaRecorder(stream);
      recorder.ondataavailable = e => parts.push(e.data);
      button.classList.add('on');
      const show = () => { button.textContent = `Stop · ${Math.floor((performance.now() - began) / 1000)} s`; };
      const timer = setInterval(show, 250);
      show();
      recorder.onstop = async () => {
        clearInterval(timer);
        stream.getTracks().forEach(t => t.stop());
        [recorder, button.textContent] = [null, label];
        button.classList.remove('on');
        const buffer = await decode(new Blob(parts));
        if (buffer) onFile(toWav(buffer)); else onError('Nothing was recorded. Check the microphone.');
      };
      recorder.start();
    } catch (e) {
      onError(`The microphone cannot be used: ${e.message}. Allow it for this page, or bring a file.`);
    }
  });
}

/** Files that are dropped on an element, or chosen in a field. */
export function dropOn(element, input, onFiles) {
  const over = on => e => { e.preventDefault(); element.classList.toggle('over', on); };
  element.addEventListener('dragover', over(true));
  element.addEventListener('dragleave', over(false));
  element.addEventListener('drop', e => { over(false)(e); if (e.dataTransfer.files.length) onFiles([...e.dataTransfer.files]); });
  input.addEventListener('change', () => { if (input.files.length) onFiles([...input.files]); input.value = ''; });
}
