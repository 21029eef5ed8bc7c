# Draws the largest share of infected people against beta. Reads lines of peak.txt; -v gamma=0.05.
{
    beta[NR] = $1
    peak[NR] = $3
}
END {
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"420\" height=\"300\" font-family=\"sans-serif\" font-size=\"12\">\n"
    printf "<path d=\"M50,20 V250 H400\" fill=\"none\" stroke=\"black\"/>\n"
    printf "<text x=\"225\" y=\"290\" text-anchor=\"middle\">infections per infected person and day (beta)</text>\n"
    printf "<text x=\"50\" y=\"14\">largest share of infected people, gamma = %s</text>\n", gamma
    for (i = 0; i <= 4; i++) {
        printf "<text x=\"%g\" y=\"268\" text-anchor=\"middle\">%g</text>\n", 50 + i * 87.5, i * 0.5
        printf "<text x=\"44\" y=\"%g\" text-anchor=\"end\">%g</text>\n", 254 - i * 57.5, i * 0.25
    }
    for (i = 1; i <= NR; i++)
        printf "<circle cx=\"%g\" cy=\"%g\" r=\"3\" fill=\"steelblue\"/>\n", 50 + beta[i] * 175, 250 - peak[i] * 230
    printf "</svg>\n"
}
