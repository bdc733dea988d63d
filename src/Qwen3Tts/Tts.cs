namespace Qwen3Tts;
