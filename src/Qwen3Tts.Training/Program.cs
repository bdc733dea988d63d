// qwen3tts-train: prepares recordings, fine-tunes and exports. It contains libtorch; to speak, only the other program is needed.
using Qwen3Tts.CommandLine;
using Qwen3Tts.Files;
using Qwen3Tts.Training.Commands;

StandardError.NeverFails();
Sha256.UsesSystem = true; // checkpoints have many gigabytes
return CommandRun.Run(TrainingCommands.Root(), args);
