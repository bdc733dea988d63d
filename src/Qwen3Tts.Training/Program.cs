// qwen3tts-train: prepares recordings, fine-tunes, exports. Brings libtorch; whoever only speaks needs the other program alone.
using Qwen3Tts.CommandLine;
using Qwen3Tts.Training.Commands;

return CommandRun.Run(TrainingCommands.Root(), args);
