#!/bin/sh
# Draws the pictures and gives each a directory of its own. A picture that is there is left alone.
set -eu
cd "$(dirname "$0")"

# draw ALBUM NAME RED GREEN BLUE: three formulas of x and y, 0 to 255.
draw() {
    directory=photos/$1/$2
    [ ! -e "$directory/image.ppm" ] || return 0
    mkdir -p "$directory"
    awk "BEGIN {
        print \"P3\"; print 96, 64; print 255
        for (y = 0; y < 64; y++)
            for (x = 0; x < 96; x++)
                print int($3), int($4), int($5)
    }" >"$directory/image.ppm.new"
    mv "$directory/image.ppm.new" "$directory/image.ppm"
}

disc='((x - 48) * (x - 48) + (y - 32) * (y - 32) < 400)'
ring="($disc - ((x - 48) * (x - 48) + (y - 32) * (y - 32) < 100))"
draw shapes disc "255 * $disc" "200 * $disc" 0
draw shapes ring "255 * $ring" 0 "128 * $ring"
draw shapes square '255 * (x > 30 && x < 66 && y > 14 && y < 50)' 0 0
draw patterns stripes '255 * (x % 16 < 8)' '255 * (x % 16 < 8)' 255
draw patterns checks '255 * ((int(x / 8) + int(y / 8)) % 2)' 90 90
draw patterns 'light and dark' '2 * x' '2 * x' '4 * y' # a name with spaces is a name
draw landscapes hills '60 + y * 3' '255 * (y > 40 + 12 * sin(x / 9))' 80
draw landscapes sea 40 '100 + 20 * (y > 30)' '160 + 90 * (y > 30)'
draw landscapes rejected-blur 128 128 128
