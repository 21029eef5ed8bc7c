# Makes lexers and parsers from the files in this folder.
#
#   rowbuild_grammar(<name> <variable>)
#
# makes <name>_lexer.c from <name>.re, and <name>_grammar.c and <name>_grammar.h from <name>.y, all
# in the current build folder, and sets <variable> to the C files. The target that compiles them must
# have the build folder on its include path. Two grammars in one program need distinct api.prefix.
set(ROWBUILD_GRAMMAR_DIR ${CMAKE_CURRENT_LIST_DIR})

function(rowbuild_grammar name variable)
    set(rules ${ROWBUILD_GRAMMAR_DIR}/${name}.re)
    set(grammar ${ROWBUILD_GRAMMAR_DIR}/${name}.y)
    set(lexer ${CMAKE_CURRENT_BINARY_DIR}/${name}_lexer.c)
    set(parser ${CMAKE_CURRENT_BINARY_DIR}/${name}_grammar.c)
    set(header ${CMAKE_CURRENT_BINARY_DIR}/${name}_grammar.h)
    add_custom_command(OUTPUT ${lexer}
        COMMAND ${RE2C} -W -Werror --no-generation-date -o ${lexer} ${rules}
        DEPENDS ${rules} VERBATIM)
    add_custom_command(OUTPUT ${parser} ${header}
        COMMAND ${BISON_EXECUTABLE} -Wall -Werror --header=${header} --output=${parser} ${grammar}
        DEPENDS ${grammar} VERBATIM)
    set_source_files_properties(${lexer} PROPERTIES OBJECT_DEPENDS ${header})
    # bison counts errors even if no rule uses the number; newer compilers warn about that.
    set_source_files_properties(${parser} PROPERTIES COMPILE_OPTIONS
                                -Wno-unused-but-set-variable)
    set(${variable} ${lexer} ${parser} PARENT_SCOPE)
endfunction()
