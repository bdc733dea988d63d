// An MSBuild task, compiled when a build needs it (see TorchSharp.targets), and linked into a test project for its own sake.
// A shared library lists the symbol versions it needs of other libraries (ELF section .gnu.version_r: one "verneed" record per library,
// with a chain of "vernaux" entries). The loader refuses the library when one is missing, unless the entry is flagged weak.
// This writes a copy with that one flag set, and refuses to guess when the file is not laid out as expected.
#if !TESTS
using System;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
#endif
using System.Text;

static class SymbolVersions
{
    const uint VersionNeeds = 0x6ffffffe; // SHT_GNU_verneed
    const ushort Weak = 2; // VER_FLG_WEAK
    const int FileHeader = 64, SectionHeader = 64, Need = 16, Auxiliary = 16;

    /// <summary>Marks what <paramref name="library"/> must offer under <paramref name="version"/> as weak, in place; false if it was so already.</summary>
    public static bool Relax(byte[] elf, string library, string version)
    {
        if (elf.Length < FileHeader || BitConverter.ToUInt32(elf, 0) != 0x464c457f || elf[4] != 2 || elf[5] != 1 || elf[18] != 62)
            throw new InvalidDataException("it is not a 64-bit little-endian ELF file for x86-64");
        var sections = Offset(elf, BitConverter.ToUInt64(elf, 40), 0);
        var count = BitConverter.ToUInt16(elf, 60);
        for (var i = 0; i < count; i++)
        {
            var section = Offset(elf, (ulong)(sections + i * SectionHeader), SectionHeader);
            if (BitConverter.ToUInt32(elf, section + 4) != VersionNeeds)
                continue;
            var strings = Offset(elf, (ulong)(sections + (long)BitConverter.ToUInt32(elf, section + 40) * SectionHeader), SectionHeader);
            return RelaxIn(elf, Offset(elf, BitConverter.ToUInt64(elf, section + 24), 0), (int)BitConverter.ToUInt32(elf, section + 44), Offset(elf, BitConverter.ToUInt64(elf, strings + 24), 0), library, version);
        }
        throw new InvalidDataException("it has no section of needed symbol versions (.gnu.version_r)");
    }

    static bool RelaxIn(byte[] elf, int need, int needs, int strings, string library, string version)
    {
        for (var n = 0; n < needs; n++)
        {
            Offset(elf, (ulong)need, Need);
            if (Text(elf, strings, BitConverter.ToUInt32(elf, need + 4)) == library)
            {
                var entry = need + (long)BitConverter.ToUInt32(elf, need + 8);
                for (var k = BitConverter.ToUInt16(elf, need + 2); k > 0; k--)
                {
                    var at = Offset(elf, (ulong)entry, Auxiliary);
                    if (Text(elf, strings, BitConverter.ToUInt32(elf, at + 8)) == version)
                    {
                        var flags = BitConverter.ToUInt16(elf, at + 4);
                        if ((flags & ~Weak) != 0)
                            throw new InvalidDataException($"its entry {version} has the unexpected flags {flags}");
                        elf[at + 4] |= (byte)Weak;
                        return flags == 0;
                    }
                    entry += BitConverter.ToUInt32(elf, at + 12);
                }
            }
            need = Offset(elf, (ulong)(need + (long)BitConverter.ToUInt32(elf, need + 12)), 0);
        }
        throw new InvalidDataException($"it needs no {version} of {library}");
    }

    static int Offset(byte[] elf, ulong offset, int size) => offset <= (ulong)(elf.Length - size) ? (int)offset : throw new InvalidDataException($"its offset {offset} lies outside of its {elf.Length} bytes");

    static string Text(byte[] elf, int strings, uint offset)
    {
        var from = Offset(elf, (ulong)strings + offset, 1);
        var to = Array.IndexOf(elf, (byte)0, from);
        return Encoding.ASCII.GetString(elf, from, (to < 0 ? elf.Length : to) - from);
    }
}

#if !TESTS
public sealed class RelaxSymbolVersion : Microsoft.Build.Utilities.Task
{
    /// <summary>The shared library as the package has it, and where the copy goes.</summary>
    [Microsoft.Build.Framework.Required] public string Source { get; set; }
    [Microsoft.Build.Framework.Required] public string Target { get; set; }

    /// <summary>The symbol version to relax, who should offer it, and a symbol that carries it.</summary>
    [Microsoft.Build.Framework.Required] public string Library { get; set; }
    [Microsoft.Build.Framework.Required] public string Version { get; set; }
    [Microsoft.Build.Framework.Required] public string Symbol { get; set; }

    /// <summary>"auto": on Linux x64 whose library lacks the symbol; "true": always.</summary>
    [Microsoft.Build.Framework.Required] public string When { get; set; }

    [Microsoft.Build.Framework.Output] public bool Relaxed { get; set; }

    public override bool Execute()
    {
        if (When != "true" && When != "auto")
            Log.LogError("RelaxTorchSharp is '" + When + "'. Say true, false or auto.");
        else if (When == "true" || IsLackingHere())
            Write();
        return !Log.HasLoggedErrors;
    }

    bool IsLackingHere()
    {
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Linux) || RuntimeInformation.OSArchitecture != Architecture.X64)
            return false;
        var library = dlopen(Library, 1);
        return library == IntPtr.Zero || dlsym(library, Symbol) == IntPtr.Zero;
    }

    void Write()
    {
        try
        {
            var bytes = File.ReadAllBytes(Source);
            SymbolVersions.Relax(bytes, Library, Version);
            Directory.CreateDirectory(Path.GetDirectoryName(Target));
            if (!File.Exists(Target) || !File.ReadAllBytes(Target).SequenceEqual(bytes))
                File.WriteAllBytes(Target, bytes);
            Relaxed = true;
        }
        catch (InvalidDataException e)
        {
            Log.LogError(Source + " cannot be made to load with this machine's " + Library + ", which lacks " + Version + ": " + e.Message + ". Build with -p:RelaxTorchSharp=false and provide a newer " + Library + ".");
        }
    }

    // Of libdl, because the task compiles against netstandard, which lacks NativeLibrary. The loader's own search, so its own answer.
    [DllImport("libdl.so.2")] static extern IntPtr dlopen(string name, int flags);
    [DllImport("libdl.so.2")] static extern IntPtr dlsym(IntPtr library, string name);
}
#endif
