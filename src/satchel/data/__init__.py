"""From files to flat arrays of ids: readers, tokenizers, the vocabulary, the encoder, the data set."""
