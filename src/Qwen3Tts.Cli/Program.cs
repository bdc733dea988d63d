// qwen3tts: speaks and inspects. Small, starts at once, no libtorch; training commands are handed over to qwen3tts-train.
using Qwen3Tts.Cli;
using Qwen3Tts.CommandLine;

return CommandRun.Run(Commands.Root(), HandOver.Protect(args));
