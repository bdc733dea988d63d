// qwen3tts: speaks, inspects and diagnoses. It is small and starts at once, without libtorch; training commands are passed to
// qwen3tts-train.
using Qwen3Tts.Cli;
using Qwen3Tts.CommandLine;

StandardError.NeverFails();
return CommandRun.Run(Commands.Root(), HandOver.Protect(args));
