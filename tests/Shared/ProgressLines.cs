using System.Text.RegularExpressions;

namespace Qwen3Tts.Tests;

/// <summary>Programs write a line of progress on standard error every ten seconds. Only a slow machine needs so long for what tests
/// run.</summary>
static class ProgressLines
{
    /// <summary>What a program wrote on standard error, without these lines.</summary>
    public static string Remove(string errors) => Regex.Replace(errors, @"^.* \(after \d+ s\)\r?\n", "", RegexOptions.Multiline);
}
