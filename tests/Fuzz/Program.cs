// dotnet run -c Release --project tests/Fuzz -- [TARGET|all|list] [COUNT] [SEED]
using Qwen3Tts.Fuzz;

var (name, count, seed) = (args.ElementAtOrDefault(0)
    ?? "all", int.Parse(args.ElementAtOrDefault(1) ?? "5000"), int.Parse(args.ElementAtOrDefault(2) ?? "1"));
if (name == "list")
{
    Console.WriteLine(string.Join('\n', AllTargets.Names));
    return 0;
}
Console.WriteLine($"seed {seed}\n{FuzzOutcome.TableHead}");
var good = true;
foreach (var target in name == "all" ? AllTargets.Names : [name])
{
    var outcome = FuzzRun.Run(target, count, seed);
    Console.WriteLine(outcome);
    good &= outcome.IsGood;
    foreach (var failure in outcome.Kinds)
    {
        var folder = Directory.CreateDirectory(
            Path.Combine("out", "fuzz", $"{target}-{(uint)string.GetHashCode(failure.Kind, StringComparison.Ordinal):x8}")).FullName;
        File.WriteAllBytes(Path.Combine(folder, Path.GetFileName(failure.File)), failure.Content);
        File.WriteAllText(Path.Combine(folder, "what.txt"), $"{failure.Kind}\n{failure.Detail}\n");
        Console.WriteLine($"    {failure.Count} × {failure.Kind}\n        {folder}");
    }
}
return good ? 0 : 1;
