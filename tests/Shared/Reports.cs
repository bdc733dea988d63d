namespace Qwen3Tts.Tests;

/// <summary>Inputs like those in public bug reports, from <c>tests/Reports</c>.</summary>
static class Reports
{
    public static string Path(params string[] parts) => System.IO.Path.Combine([Golden.Repository, "tests", "Reports", .. parts]);
}
