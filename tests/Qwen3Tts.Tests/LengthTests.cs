using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Qwen3Tts.Tests;

/// <summary>Lines are short enough for two files side by side on a screen, and methods short enough for one screen.</summary>
public sealed class LengthTests
{
    const int Columns = 140, Lines = 40;

    static IEnumerable<(string Path, SyntaxTree Tree)> Files(params string[] folders) =>
        from folder in folders
        from file in Directory.GetFiles(Path.Combine(Golden.Repository, folder), "*.cs", SearchOption.AllDirectories)
        orderby file
        select (Path.GetRelativePath(Golden.Repository, file), CSharpSyntaxTree.ParseText(File.ReadAllText(file)));

    [Fact]
    public void LinesHaveAtMost140Columns()
    {
        var broken = from file in Files("src", "tests")
                     let raw = RawStringLines(file.Tree)
                     from line in file.Tree.GetText().Lines
                     where line.Span.Length > Columns && !raw.Contains(line.LineNumber)
                     select $"{file.Path}({line.LineNumber + 1}): {line.Span.Length} columns";
        var list = string.Join('\n', broken);
        Assert.True(list.Length == 0, list);
    }

    /// <summary>Lines of raw strings (JSON and CSS between three quotes) are not counted.</summary>
    static HashSet<int> RawStringLines(SyntaxTree tree) =>
    [
        .. from node in tree.GetRoot().DescendantNodes()
           where node is LiteralExpressionSyntax or InterpolatedStringExpressionSyntax
           where node.ToString().Contains("\"\"\"", StringComparison.Ordinal)
           let span = tree.GetLineSpan(node.Span)
           from line in Enumerable.Range(span.StartLinePosition.Line, span.EndLinePosition.Line - span.StartLinePosition.Line + 1)
           select line,
    ];

    /// <summary>A longer method says why in a comment before it, with the words '40 lines'.</summary>
    [Fact]
    public void MethodsHaveAtMost40Lines()
    {
        var broken = from file in Files("src")
                     from node in file.Tree.GetRoot().DescendantNodes()
                     where node is BaseMethodDeclarationSyntax or AccessorDeclarationSyntax
                     let span = file.Tree.GetLineSpan(node.Span)
                     let lines = span.EndLinePosition.Line - span.StartLinePosition.Line + 1
                     where lines > Lines && !node.GetLeadingTrivia().ToString().Contains("40 lines", StringComparison.Ordinal)
                     select $"{file.Path}({span.StartLinePosition.Line + 1}): {lines} lines";
        var list = string.Join('\n', broken);
        Assert.True(list.Length == 0, list);
    }
}
