#!/bin/sh
# Draws ten comics for the server, and makes a directory for each. What is there is left alone.
set -eu
cd "$(dirname "$0")"

mkdir -p site
for number in 100 101 102 103 104 105 106 107 108 109; do
    mkdir -p "workspace/$number"
    comic=site/comic-$number.pgm
    [ ! -e "$comic" ] || continue
    # Two figures who move apart from comic to comic.
    awk -v apart="$((number - 90))" '
        function figure(x, y, at) {
            x -= at
            return x * x + (y - 12) * (y - 12) < 30 || (x * x < 2 && y > 16 && y < 40) ||
                (y > 24 && y < 26 && x * x < 80)
        }
        BEGIN {
            print "P2"; print 120, 48; print 1
            for (y = 0; y < 48; y++)
                for (x = 0; x < 120; x++)
                    print 1 - (figure(x, y, 60 - apart) || figure(x, y, 60 + apart))
        }' >"$comic.new"
    mv "$comic.new" "$comic"
done
