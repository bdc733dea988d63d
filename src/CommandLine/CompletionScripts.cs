// The scripts that connect a shell's completion with this program: they ask it for the words that may follow, with the directive [suggest]
// of System.CommandLine, which takes the typed line without the program's name, and the position of the cursor in it.
using Qwen3Tts.Files;

namespace Qwen3Tts.CommandLine;

static class CompletionScripts
{
    /// <summary>The shells, each with its script, where NAME is the program and PROGRAM_ID its name without a hyphen.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>
    {
        ["bash"] = """
            _PROGRAM_ID() {
                local line="${COMP_LINE:0:COMP_POINT}" IFS=$'\n'
                line="${line#* }"
                COMPREPLY=($(compgen -W "$(NAME "[suggest:${#line}]" "$line" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            complete -o default -F _PROGRAM_ID NAME
            """,
        ["zsh"] = """
            (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
            _PROGRAM_ID() {
                local line="${BUFFER[1,CURSOR]}"
                line="${line#* }"
                local -a found
                found=("${(@f)$(NAME "[suggest:${#line}]" "$line" 2>/dev/null)}")
                compadd -- ${found:#} || _files
            }
            compdef _PROGRAM_ID NAME
            """,
        ["fish"] = """
            function __PROGRAM_ID
                set -l line (commandline -cp | string replace -r '^\S+\s?' '')
                set -l found (NAME "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null)
                if test -n "$found[1]"
                    printf '%s\n' $found
                else
                    __fish_complete_path (commandline -ct)
                end
            end
            complete -c NAME -f -a '(__PROGRAM_ID)'
            """,
        ["powershell"] = """
            Register-ArgumentCompleter -Native -CommandName NAME -ScriptBlock {
                param($word, $ast, $cursor)
                $line = $ast.ToString().PadRight($cursor - $ast.Extent.StartOffset) -replace '^\S+\s?', ''
                NAME "[suggest:$($line.Length)]" "$line" | Where-Object { $_ -like "$word*" } |
                    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
            }
            """,
    };

    /// <summary>The script of a shell for a program.</summary>
    public static string Of(string shell, string program) => All[shell].ReplaceLineEndings("\n")
        .Replace("NAME", program, StringComparison.Ordinal).Replace("PROGRAM_ID", program.Replace('-', '_'), StringComparison.Ordinal);

    /// <summary>The file that a shell reads when it starts.</summary>
    public static string StartFile(string shell)
    {
        var home = UserFolder.Path;
        static string? Set(string variable) => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;
        var config = Set("XDG_CONFIG_HOME") ?? Path.Combine(home, ".config");
        return shell switch
        {
            "bash" => Path.Combine(home, ".bashrc"),
            "zsh" => Path.Combine(Set("ZDOTDIR") ?? home, ".zshrc"),
            "fish" => Path.Combine(config, "fish", "config.fish"),
            _ => Path.Combine(OperatingSystem.IsWindows()
                ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.MyDocuments), "PowerShell")
                : Path.Combine(config, "powershell"), "Microsoft.PowerShell_profile.ps1"),
        };
    }
}
