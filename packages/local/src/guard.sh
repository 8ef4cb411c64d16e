#!/bin/sh
# Ends the processes of a program that died without ending them itself (SIGKILL, out of memory).
# Standard input is a pipe from that program, which sends one line for every process:
#   add <pid> <signal> <stage>
#   remove <pid>
# When the pipe closes, what is left gets its signal, stage 1 before stage 2; what is still there 10 s later is killed.
# Every process leads its own group, so killing the group takes what it started as well.
trap '' INT TERM HUP

# A process that ended and that nobody has asked for yet (state Z) does not count.
is_running() {
  kill -0 "$1" 2>/dev/null || return 1
  [ -r "/proc/$1/stat" ] || return 0
  read -r stat <"/proc/$1/stat" || return 1
  case $stat in *') Z '*) return 1 ;; esac
}

list=''
while read -r verb pid signal stage; do
  kept=''
  for entry in $list; do
    [ "${entry%%:*}" = "$pid" ] || kept="$kept $entry"
  done
  list=$kept
  [ "$verb" = add ] && list="$list $pid:$signal:$stage"
done

for stage in 1 2; do
  left=''
  for entry in $list; do
    pid=${entry%%:*}
    signal=${entry#*:}
    signal=${signal%%:*}
    [ "${entry##*:}" = "$stage" ] && kill -s "$signal" "$pid" 2>/dev/null && left="$left $pid"
  done
  tries=0
  while [ -n "$left" ] && [ "$tries" -lt 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
    kept=''
    for pid in $left; do
      is_running "$pid" && kept="$kept $pid"
    done
    left=$kept
  done
  for pid in $left; do
    kill -s KILL -- "-$pid" 2>/dev/null || kill -s KILL "$pid" 2>/dev/null
  done
done
exit 0
