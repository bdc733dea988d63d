// Single kernels, measured by BenchmarkDotNet: dotnet run -c Release --project tests/Benchmarks -- --filter '*Product*'
// Kernels are internal, so the benchmarks run in this process. QWEN3TTS_SIMD=avx2 measures another tier.
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;

BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, DefaultConfig.Instance.AddJob(
    Job.ShortRun.WithToolchain(InProcessNoEmitToolchain.Instance)));
