namespace Qwen3Tts.Data;

/// <summary>How recordings are listed.</summary>
enum ListFormat
{
    /// <summary>A folder of WAV files with a TXT or LAB file of the same name each.</summary>
    Folder,
    /// <summary>JSON, one object a line or one array: the official names, those of ms-swift, LLaMA-Factory, NeMo or Hugging Face.</summary>
    Jsonl,
    /// <summary>LJSpeech's metadata.csv: name|text or name|text|normalized text, recordings in wavs/.</summary>
    LjSpeech,
    /// <summary>GPT-SoVITS: path|speaker|language|text.</summary>
    Sovits,
    /// <summary>Piper with several speakers: name|speaker|text.</summary>
    SpeakerText,
    /// <summary>Coqui without its header: name|text|speaker.</summary>
    TextSpeaker,
    /// <summary>Bert-VITS2: path|speaker|language|text|phones|tones|word2ph.</summary>
    BertVits2,
    /// <summary>CSV, TSV or fields between '|' whose first line names the columns.</summary>
    Table,
}
