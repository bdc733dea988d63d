using System.Buffers.Binary;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;
using TorchSharp;

namespace Qwen3Tts.Tests;

/// <summary>
/// TorchSharp passes a number as a Scalar, whose finalizer may free it while libtorch still reads it: a rare wrong result under garbage
/// collection. So every Scalar of ours is held by a variable or a field, and nothing is called that makes one of its own.
/// </summary>
public sealed class ScalarTests
{
    /// <summary>Called with one tensor these add a Scalar of one; called with a plain number every operator makes a Scalar of it.</summary>
    static readonly HashSet<string> MakeTheirOwn = ["op_Addition", "add", "add_"];

    [Fact]
    public void EveryNumberThatMeetsATensorIsHeld()
    {
        var found = new List<string>();
        var calls = 0;
        using var file = new PEReader(File.OpenRead(typeof(Training.AdamWOptions).Assembly.Location));
        var metadata = file.GetMetadataReader();
        foreach (var method in metadata.MethodDefinitions.Select(metadata.GetMethodDefinition).Where(m => m.RelativeVirtualAddress != 0))
        {
            var code = file.GetMethodBody(method.RelativeVirtualAddress).GetILBytes()!;
            for (var at = 0; at + 5 < code.Length; at++)
                if (code[at] is 0x28 or 0x6F && TorchSharpMethod(metadata, BinaryPrimitives.ReadInt32LittleEndian(code.AsSpan(at + 1))) is { } called) // call, callvirt
                {
                    calls++;
                    var stored = code[at + 5] is >= 0x0A and <= 0x0D or 0x13 or 0x7D or 0x80; // stloc, stfld, stsfld
                    if (called.Type == nameof(Scalar) && called.Name == "op_Implicit" && !stored || called.Type == nameof(torch.Tensor) && (MakeTheirOwn.Contains(called.Name) && called.Arguments == 1 || called.PlainNumber))
                        found.Add($"{Name(metadata, method)} calls {called.Type}.{called.Name}");
                }
        }
        Assert.True(calls > 100, $"Only {calls} calls of TorchSharp were seen.");
        Assert.Empty(found);
    }

    static string Name(MetadataReader metadata, MethodDefinition method) => $"{metadata.GetString(metadata.GetTypeDefinition(method.GetDeclaringType()).Name)}.{metadata.GetString(method.Name)}";

    /// <summary>Null where the token is of another kind, or the bytes before were no call. Arguments beside the tensor itself.</summary>
    static (string Type, string Name, int Arguments, bool PlainNumber)? TorchSharpMethod(MetadataReader metadata, int token)
    {
        if (token >> 24 != (int)TableIndex.MemberRef || (token & 0xFFFFFF) is 0 || (token & 0xFFFFFF) > metadata.GetTableRowCount(TableIndex.MemberRef))
            return null;
        var member = metadata.GetMemberReference(MetadataTokens.MemberReferenceHandle(token & 0xFFFFFF));
        if (member.Parent.Kind != HandleKind.TypeReference || member.GetKind() != MemberReferenceKind.Method)
            return null;
        var type = metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)member.Parent).Name);
        var signature = metadata.GetBlobReader(member.Signature);
        var isInstance = signature.ReadSignatureHeader().IsInstance;
        var (name, parameters) = (metadata.GetString(member.Name), signature.ReadCompressedInteger());
        var plain = false;
        for (var i = 0; i <= parameters && name.StartsWith("op_", StringComparison.Ordinal) && name != "op_Implicit"; i++) // the result, then the operands; a number made a tensor is held by its scope
            if (signature.ReadSignatureTypeCode() == SignatureTypeCode.TypeHandle)
                signature.ReadTypeHandle();
            else
                plain = true;
        return (type, name, parameters - (isInstance ? 0 : 1), plain);
    }
}
