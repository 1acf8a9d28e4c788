"""Parts of the place finder: street words, geometry, gazetteer sources, grammar, resolution, measurement."""
