using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;
using Qwen3Tts.Training.Optimizer;
using TorchSharp;

namespace Qwen3Tts.Tests;

/// <summary>
/// TorchSharp converts a number to a Scalar, whose finalizer may free it while libtorch still reads it: under garbage collection this gives
/// a rare error or a wrong result. So every Scalar of this project must be held by a variable or a field, and methods of TorchSharp that
/// create a Scalar without holding it must not be called. The test reads the compiled methods of this project and of TorchSharp.
/// </summary>
public sealed class ScalarTests
{
    static readonly Assembly Ours = typeof(AdamWOptions).Assembly, Theirs = typeof(torch).Assembly;
    static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields().Select(f => (OpCode)f.GetValue(null)!)
        .ToDictionary(c => c.Value);
    readonly Dictionary<MethodBase, bool> _makes = [];

    [Fact]
    public void EveryNumberThatMeetsATensorIsHeld()
    {
        const BindingFlags All =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        var (found, calls) = (new SortedSet<string>(), 0);
        foreach (var method in Ours.GetTypes().SelectMany(t => t.GetMethods(All).Concat<MethodBase>(t.GetConstructors(All))))
            foreach (var (called, held) in Calls(method).Where(c => c.Called.Module.Assembly == Theirs))
            {
                calls++;
                if (!held && (MakesScalar(called) || Makes(called)))
                    found.Add($"{method.DeclaringType!.Name}.{method.Name} calls {called}");
            }
        Assert.True(calls > 100, $"Only {calls} calls of TorchSharp were seen.");
        Assert.Empty(found);
    }

    static bool MakesScalar(MethodBase method) =>
        method is MethodInfo { ReturnType: var result, Name: "op_Implicit" or "ToScalar" } && result == typeof(Scalar);

    /// <summary>True if a method of TorchSharp, or a method that it calls, creates a Scalar without holding it.</summary>
    bool Makes(MethodBase method)
    {
        if (_makes.TryGetValue(method, out var known))
            return known;
        _makes[method] = false; // ends the recursion for a method that calls itself
        return _makes[method] = !MakesScalar(method)
            && Calls(method).Any(c => c.Called.Module.Assembly == Theirs && (MakesScalar(c.Called) || Makes(c.Called)));
    }

    /// <summary>The methods that a method calls, and whether each result is stored in a variable or a field.</summary>
    static IEnumerable<(MethodBase Called, bool Held)> Calls(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } code)
            yield break;
        Type[] ofType = method.DeclaringType?.GetGenericArguments() ?? [], ofMethod = method.IsGenericMethod ? method.GetGenericArguments()
            : [];
        for (var at = 0; at < code.Length;)
        {
            var op = Read(code, ref at);
            var token = op.OperandType == OperandType.InlineMethod ? BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at)) : 0;
            at += op.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at)),
                _ => 4,
            };
            if (token == 0)
                continue;
            var next = at;
            var held = at < code.Length && Read(code, ref next).Name is { } name
                && (name.StartsWith("stloc", StringComparison.Ordinal) || name is "stfld" or "stsfld");
            yield return (method.Module.ResolveMethod(token, ofType, ofMethod)!, held);
        }
    }

    static OpCode Read(byte[] code, ref int at) =>
        code[at++] is var first && first == 0xFE ? Codes[unchecked((short)(0xFE00 | code[at++]))] : Codes[first];
}
