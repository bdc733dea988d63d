using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Qwen3Tts.Tests;

/// <summary>The change that the build makes to a shared library that needs a symbol version which the machine does not have.</summary>
public sealed class RelaxSymbolVersionTests
{
    [Fact]
    public void OneByteIsSet()
    {
        var elf = Library();
        var before = (byte[])elf.Clone();
        Assert.True(SymbolVersions.Relax(elf, "libb.so", "V2"));
        var changed = Enumerable.Range(0, elf.Length).Where(i => elf[i] != before[i]).ToArray();
        Assert.Equal([SecondEntryOfSecondNeed + 4], changed);
        Assert.Equal(2, elf[changed[0]]);
        Assert.False(SymbolVersions.Relax(elf, "libb.so", "V2"));
    }

    [Theory]
    [InlineData("libb.so", "V3")]
    [InlineData("liba.so", "V2")]
    [InlineData("libc.so", "V1")]
    public void AnEntryThatIsNotThereIsAnError(string library, string version) =>
        Assert.Contains(version, Assert.Throws<InvalidDataException>(() => SymbolVersions.Relax(Library(), library, version)).Message);

    [Fact]
    public void AFileOfAnotherKindOrCutShortIsAnError()
    {
        Assert.Throws<InvalidDataException>(() => SymbolVersions.Relax(new byte[200], "libb.so", "V2"));
        var elf = Library();
        for (var length = 0; length < elf.Length - 64; length++) // without the last section header, which is not read
            Assert.Throws<InvalidDataException>(() => SymbolVersions.Relax(elf[..length], "libb.so", "V2"));
    }

    [Fact]
    public void TheLibraryBesideThisTestIsRelaxedOnlyWhereTheMachineNeedsIt()
    {
        var path = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
        Assert.SkipUnless(OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64
            && File.Exists(path), "Only Linux on x64 has this library.");
        var offered = NativeLibrary.TryGetExport(NativeLibrary.Load("libstdc++.so.6"), "_ZSt21ios_base_library_initv", out _);
        Assert.Equal(offered, SymbolVersions.Relax(File.ReadAllBytes(path), "libstdc++.so.6", "GLIBCXX_3.4.32"));
    }

    const int Strings = 64, Needs = 128, SecondEntryOfSecondNeed = Needs + 64, Sections = 256;

    /// <summary>
    /// The smallest file with needed versions: liba.so needs V1, libb.so needs V1 and V2. It has strings, the needed versions, two section
    /// headers, and one that is not used.
    /// </summary>
    static byte[] Library()
    {
        var elf = new byte[Sections + 3 * 64];
        void Put16(int at, int value) => BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(at), (ushort)value);
        void Put32(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(elf.AsSpan(at), value);
        ((byte[])[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1]).CopyTo(elf, 0);
        Put16(18, 62);
        Put32(40, Sections);
        Put16(60, 3);
        Encoding.ASCII.GetBytes("\0liba.so\0libb.so\0V1\0V2\0").CopyTo(elf, Strings);
        void Need(int at, int entries, uint library, uint entry,
            uint next)
        { Put16(at, 1); Put16(at + 2, entries); Put32(at + 4, library); Put32(at + 8, entry); Put32(at + 12, next); }
        void Entry(int at, uint version, uint next) { Put32(at + 8, version); Put32(at + 12, next); }
        Need(Needs, 1, 1, 16, 32);
        Entry(Needs + 16, 17, 0);
        Need(Needs + 32, 2, 9, 16, 0);
        Entry(Needs + 48, 17, 16);
        Entry(SecondEntryOfSecondNeed, 20, 0);
        Put32(Sections + 4, 3); // strings
        Put32(Sections + 24, Strings);
        Put32(Sections + 64 + 4, 0x6ffffffe); // needed versions
        Put32(Sections + 64 + 24, Needs);
        Put32(Sections + 64 + 44, 2);
        return elf;
    }
}
