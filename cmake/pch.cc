// Carries the precompiled header that all layers share (cmake/layer.cmake).
