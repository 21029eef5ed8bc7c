# Completion of rowbuild for bash: commands, options, actions, directories.

# One name a line, from the project that the line so far talks about.
_rowbuild_ask()
{
    local -a where=()
    local i
    for ((i = 1; i < COMP_CWORD - 1; i++)); do
        case ${COMP_WORDS[i]} in
        -C) where+=(-C "${COMP_WORDS[i + 1]}") ;;
        esac
    done
    "${COMP_WORDS[0]}" "${where[@]}" "$@" 2>/dev/null
}

_rowbuild_words()
{
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current")
}

# Names with spaces and quotes are quoted for the line.
_rowbuild_names()
{
    local name
    while IFS= read -r name; do
        if [[ $name == "$current"* ]]; then
            COMPREPLY+=("$(printf '%q' "$name")")
        fi
    done
}

_rowbuild()
{
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local commands='check show submit scan accept clean init job help'
    local shows='status directories jobs why log machine cluster launchers'
    local global='-C --file --verbose --quiet --explain --color --no-progress
                  --clear-progress --json --cluster --io-threads --version --help'
    local filters='--completed --submitted --eligible --waiting --no-header --recorded --null'
    local command='' i word skip=0
    COMPREPLY=()

    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if ((skip)); then
            skip=0
            continue
        fi
        case $word in
        -C | -j | -k | -a | -w | --file | --color | --cluster | --io-threads | \
            --jobs | --gpus | --keep-going | --action | --grace | --value | --n-groups | --workspace | \
            --throttle | --patience)
            skip=1
            ;;
        -f) [[ $command == 'show log' ]] || skip=1 ;;
        -n) [[ $command != 'show directories' && $command != submit ]] || skip=1 ;;
        -*) ;;
        *)
            if [[ $command == show && " $shows " == *" $word "* ]]; then
                command="show $word"
            elif [[ -z $command && " $commands " == *" $word "* ]]; then
                command=$word
            elif [[ -z $command ]]; then
                command=run
            fi
            ;;
        esac
    done

    case $previous in
    -a | --action)
        _rowbuild_names < <(_rowbuild_ask show status --recorded --all --no-header |
            awk '!seen[$1]++ { print $1 }')
        return
        ;;
    --color)
        _rowbuild_words 'auto always never'
        return
        ;;
    -C)
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        compopt -o filenames
        return
        ;;
    -f | --file)
        if [[ $previous == --file || $command != 'show log' ]]; then
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            compopt -o filenames
            return
        fi
        ;;
    --cluster)
        _rowbuild_names < <(_rowbuild_ask show cluster --all --short)
        return
        ;;
    -j | --jobs | --gpus | -k | --keep-going | --grace | --io-threads | --value | --n-groups | \
        -w | --workspace | --throttle | --patience)
        return
        ;;
    esac

    if [[ $current == -* ]]; then
        case $command in
        '' | run)
            _rowbuild_words "$global --jobs --gpus --keep-going --dry-run --action --only --rerun
                             --adopt --no-adopt --yes --grace --null"
            ;;
        check) _rowbuild_words "$global --schema" ;;
        'show status') _rowbuild_words "$global $filters --action --all" ;;
        'show directories')
            _rowbuild_words "$global $filters --action --value --n-groups --short
                             --no-separate-groups"
            ;;
        'show jobs') _rowbuild_words "$global --action --short --no-header --null" ;;
        'show why') _rowbuild_words "$global --action --recorded --null" ;;
        'show log') _rowbuild_words "$global --action --follow" ;;
        'show cluster' | 'show launchers') _rowbuild_words "$global --all --short" ;;
        submit)
            _rowbuild_words "$global --action --dry-run --yes --follow --no-array --throttle
                             --patience --only --no-adopt"
            ;;
        scan | accept) _rowbuild_words "$global --action --null" ;;
        clean)
            _rowbuild_words "$global --completed --directory --submitted --force --dry-run --yes"
            ;;
        init) _rowbuild_words "$global --signac --row --workspace" ;;
        job) _rowbuild_words "$global --jobs --gpus --grace --plain" ;;
        *) _rowbuild_words "$global" ;;
        esac
        return
    fi

    case $command in
    show) _rowbuild_words "$shows" ;;
    help) _rowbuild_words "$commands" ;;
    init)
        mapfile -t COMPREPLY < <(compgen -d -- "$current")
        compopt -o filenames
        ;;
    check | clean | job | 'show machine' | 'show cluster' | 'show launchers') ;;
    *)
        if [[ -z $command ]]; then
            _rowbuild_words "$commands"
        fi
        _rowbuild_names < <(_rowbuild_ask show directories --short --recorded)
        ;;
    esac
}

complete -F _rowbuild rowbuild
