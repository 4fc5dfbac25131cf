"""Shell completion: three small scripts that ask the console for the next word."""

from __future__ import annotations

from kernel.inventory import BUILT_IN, COMMANDS
from kernel.words import UsageFault

_BASH = """\
_crontract() {
    local IFS=$'\\n' line=${COMP_LINE:0:COMP_POINT}
    local word=${line##*[[:space:]]} prefix=
    # Bash splits words at colons and equal signs: what stands before the last is typed already.
    local breaks=${COMP_WORDBREAKS//[^:=]/}
    [[ $breaks && $word == *["$breaks"]* ]] && prefix=${word%"${word##*["$breaks"]}"}
    COMPREPLY=($("${COMP_WORDS[0]}" _complete -- "$line" 2>/dev/null))
    COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
complete -F _crontract console bin/console ./bin/console
"""

_ZSH = """\
#compdef console
_crontract() {
    local -a found
    found=("${(@f)$(${words[1]} _complete -- "${(j: :)words[1,CURRENT]}" 2>/dev/null)}")
    compadd -S '' -- $found
}
compdef _crontract console bin/console ./bin/console
"""

_FISH = """\
function _crontract
    set -l words (commandline -po)
    $words[1] _complete -- (commandline -cp) 2>/dev/null
end
complete -c console -f -a '(_crontract)'
"""

_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def script(shell: str) -> str:
    """Give the script of a shell. Raises UsageFault for an unknown one."""
    if shell not in _SCRIPTS:
        raise UsageFault(
            f"completion needs a shell: {', '.join(_SCRIPTS)}",
            'For bash: eval "$(bin/console completion bash)"',
        )
    return _SCRIPTS[shell]


def complete(words: list[str]) -> int:
    """Print what may follow the line typed so far, one word per line."""
    line = words[-1] if words else ""
    typed = line.split()[1:]
    last = typed.pop() if typed and not line[-1:].isspace() else ""
    for candidate in _candidates(typed, last):
        if candidate.startswith(last):
            print(candidate)
    return 0


def _candidates(before: list[str], last: str) -> list[str]:
    names = [entry.name for entry in COMMANDS + BUILT_IN]
    command = next((word for word in before if word in names), None)
    if command is None or command == "help":
        return names
    if command == "completion":
        return list(_SCRIPTS)
    return _options(command) if last.startswith("-") else []


def _options(command: str) -> list[str]:
    from kernel.catalogue import find
    from kernel.loading import parser_for

    entry = find(command)
    own = parser_for(entry).option_names() if entry.target else []
    return [*own, *(f"--format={word}" for word in entry.formats), "--help", "--env="]


def listing_json(namespace: str) -> str:
    """Write the commands for programs."""
    import json

    from kernel.catalogue import within

    return json.dumps(
        [
            {
                "name": entry.name,
                "summary": entry.summary,
                "covers": entry.covers,
            }
            for entry in within(namespace)
        ],
        indent=2,
    )
