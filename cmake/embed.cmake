# posthaste_embed(LAYER FILE NAME): the text of FILE as `extern const std::string_view NAME` of namespace
# posthaste::LAYER, compiled into that layer. Configured anew when the file changes.
function(posthaste_embed LAYER FILE NAME)
  set(source ${CMAKE_CURRENT_SOURCE_DIR}/${FILE})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  file(READ ${source} POSTHASTE_EMBEDDED_TEXT)
  set(POSTHASTE_EMBEDDED_NAME ${NAME})
  set(POSTHASTE_EMBEDDED_LAYER ${LAYER})
  configure_file(${CMAKE_SOURCE_DIR}/cmake/embedded.cc.in ${CMAKE_CURRENT_BINARY_DIR}/${NAME}.cc @ONLY)
  target_sources(posthaste_${LAYER} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${NAME}.cc)
endfunction()
