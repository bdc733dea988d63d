namespace Qwen3Tts.Data;

/// <summary>The format of a list of recordings.</summary>
enum ListFormat
{
    /// <summary>A folder of recordings, each with a TXT or LAB file of the same name.</summary>
    Folder,
    /// <summary>
    /// JSON, one object a line or one array, with the official keys or those of ms-swift, LLaMA-Factory, NeMo or Hugging Face.
    /// </summary>
    Jsonl,
    /// <summary>LJSpeech's metadata.csv: name|text or name|text|normalized text; the recordings are in wavs/.</summary>
    LjSpeech,
    /// <summary>GPT-SoVITS: path|speaker|language|text.</summary>
    Sovits,
    /// <summary>Piper with several speakers: name|speaker|text.</summary>
    SpeakerText,
    /// <summary>Coqui without its header: name|text|speaker.</summary>
    TextSpeaker,
    /// <summary>Bert-VITS2: path|speaker|language|text|phones|tones|word2ph.</summary>
    BertVits2,
    /// <summary>CSV, TSV or fields separated by '|', with the names of the columns in the first line.</summary>
    Table,
}
