// Command lines that both programs accept, as valid inputs. Words are separated by spaces; _ stands for a space inside a word.
namespace Qwen3Tts.Fuzz;

static class CommandLines
{
    public static string[] Split(string line) => [.. line.Split(' ').Select(word => word.Replace('_', ' '))];

    public static readonly string[] Speaking =
    [
        "say Set_white_at_B_four_now. --model models/mini --voice rms.wav -o out.wav",
        "say Good_morning. -m CustomVoice --speaker vivian --instruct Very_happy. --language English -o out.wav --seed 7 --threads 2",
        "say Nine_pencils. --model models/mini --adapter runs/nora/export/adapter --speaker nora --output=out.wav --layout text-first",
        "say --file chapter.txt --voice me.wav --transcript What_I_say. --temperature 0.9 --top-k 50 --top-p "
            + "1 --repetition-penalty 1.05 -o -",
        "say - -o - --greedy --max-seconds 20 --max-frames-per-token 0 --compat raw-text,speaker-at-6 --debug",
        "say x --predictor-temperature .5 --predictor-top-k 0 --predictor-top-p 1e-3 --layout interleaved -o x.WAV",
        "say -o out.wav -- --what_begins_with_dashes",
        "say x --play --json --seed 3",
        "say x -o - --raw --bits 24",
        "codec encode me.wav --model models/mini --text Hello -o codes.jsonl",
        "codec decode codes.jsonl --line 2 -m models/mini -o out.wav",
        "completion bash --install",
        "inspect models/mini",
        "inspect models/mini --json",
        "doctor my-voice --base Base --data codes.jsonl --language English --speaker anna --clips 10 --takes 0 --json",
        "doctor my-voice --audio recordings --html report.html --grammar g.jsgf --dictionary a.dic --dictionary b.dic",
        "doctor my-voice --show-prompt Good_morning. --as official-022e286 --instruct Slow --transcript Hello --interleaved",
        "train codes.jsonl --model models/mini --name nora",
        "voice recordings --name anna --help",
        "--help",
        "--version",
    ];

    public static readonly string[] Training =
    [
        "import LJSpeech-1.1 -o out/lj/manifest.jsonl --language English",
        "import anna.list --speaker anna --held-out 16",
        "prepare recordings/nora --model models/mini -o out/nora/codes.jsonl --trim true --level false --skip-bad",
        "prepare train_raw.jsonl -m Base --reference ref.wav --language German",
        "train out/nora/codes.jsonl --model models/mini --name nora --steps 150 --batch 8 --lr 5e-6 --warmup 10 --schedule cosine --seed 1",
        "train codes.jsonl --model Base --name anna --memory 16GB --held-out 16 --evaluate-every 10 "
            + "--patience 2 --save-every 25 --epochs 1.5",
        "train codes.jsonl --model Base --name anna --lora 16 --lora-alpha 32 --lora-targets q_proj,v_proj "
            + "--memory 8GB --threads 2 --overwrite",
        "train codes.jsonl --layout mixed --language de,auto --export-as base --precision bfloat16-moments "
            + "--recompute --micro-batch 2 --resume",
        "train codes.jsonl --freeze text_embedding --bucket 8 --device cpu --in-context 0.5 --new-language "
            + "Dutch --new-language-like German --force",
        "train codes.jsonl --grammar g.jsgf --dictionary a.dic --dictionary b.dic --output runs/x --reference r.wav --name @nora",
        "voice recordings --name anna --model Base --language German --memory 12GB",
        "export codes.jsonl --for ms-swift --model Base --name anna --gpus 8 --batch 64",
        "demo --recordings my-voice --model Base --output out/my-voice",
        "demo --fault own_hidden+no_eos --output out/fault --steps 5",
        "doctor runs/nora/export --engines",
        "bench --train --layers 4 --batch 8 --frames 125 --steps 3 --precision mixed --device cuda --recompute",
        "bench --doctor --model 1.7B --threads 2",
        "--help",
        "--version",
    ];
}
