using System.Buffers.Binary;
using System.Reflection;
using System.Reflection.Emit;
using Qwen3Tts.Training.Optimizer;
using TorchSharp;

namespace Qwen3Tts.Tests;

/// <summary>
/// TorchSharp passes a number as a Scalar, whose finalizer may free it while libtorch still reads it: under garbage collection a rare
/// error, or a wrong result. So every Scalar of ours is held by a variable or a field, and nothing of TorchSharp is called that makes one
/// on its way. Read from the compiled methods, ours and TorchSharp's.
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

    /// <summary>Whether a method of TorchSharp makes a Scalar that it does not hold, itself or in what it calls.</summary>
    bool Makes(MethodBase method)
    {
        if (_makes.TryGetValue(method, out var known))
            return known;
        _makes[method] = false; // for one that calls itself
        return _makes[method] = !MakesScalar(method)
            && Calls(method).Any(c => c.Called.Module.Assembly == Theirs && (MakesScalar(c.Called) || Makes(c.Called)));
    }

    /// <summary>What a method calls, and whether the result goes to a variable or a field at once.</summary>
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
