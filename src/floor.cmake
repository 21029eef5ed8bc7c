# The house: each folder below src/ is one static library that stands on a floor, and may use only
# libraries of lower floors. An upward use stops the configuration; an upward include finds no file.
#
#   rowbuild_floor(NAME <folder> FLOOR <number> SOURCES … HEADERS … [USES <folder>…] [LINKS <target>…])
#
# include/rowbuild.h stands below all floors as far as its values go: it is plain C without a library
# of its own. A folder that would only copy options or events of the library takes them as they are
# and adds ${PROJECT_SOURCE_DIR}/include to its include path; the functions it declares are api's.
#
# USES are other folders, passed on to whoever uses this one. LINKS are foreign libraries, private.
function(rowbuild_floor)
    cmake_parse_arguments(ARG "" "NAME;FLOOR" "SOURCES;HEADERS;USES;LINKS" ${ARGN})
    set(target rowbuild_${ARG_NAME})
    add_library(${target} STATIC ${ARG_SOURCES})
    target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_CURRENT_SOURCE_DIR}
                   FILES ${ARG_HEADERS})
    set_target_properties(${target} PROPERTIES ROWBUILD_FLOOR ${ARG_FLOOR}
                          VERIFY_INTERFACE_HEADER_SETS ON)
    foreach(used IN LISTS ARG_USES)
        get_target_property(used_floor rowbuild_${used} ROWBUILD_FLOOR)
        if(NOT used_floor LESS ARG_FLOOR)
            message(FATAL_ERROR "${ARG_NAME} (floor ${ARG_FLOOR}) may not use ${used} "
                                "(floor ${used_floor}): only lower floors")
        endif()
        target_link_libraries(${target} PUBLIC rowbuild_${used})
    endforeach()
    target_link_libraries(${target} PRIVATE ${ARG_LINKS})
    set_property(GLOBAL APPEND PROPERTY ROWBUILD_FLOORS ${target})
endfunction()
