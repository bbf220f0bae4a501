# bash completion for perigee; /usr/share/bash-completion/completions/perigee.
# The words come from the program itself (--words), so that they are always its own.

_perigee()
{
	local program=$1 current=$2 previous=$3 command='' options i
	COMPREPLY=()

	case $previous in
	--socket | --config)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		compopt -o filenames 2>/dev/null
		return
		;;
	--endpoint | --object | --limit)
		return
		;;
	esac

	# The command is the first word that is no option, nor the value of one.
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--socket | --config) ((i++)) ;;
		-*) ;;
		*)
			command=${COMP_WORDS[i]}
			break
			;;
		esac
	done

	options=$("$program" --words "$command" 2>/dev/null) || return
	[[ $command ]] || options+=' --check --config --help --openapi --print-config --socket --version'
	mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
}

complete -F _perigee perigee
