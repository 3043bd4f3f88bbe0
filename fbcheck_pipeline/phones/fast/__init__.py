"""Many plain cells at once, on arrays, with phonenumbers' answers. Knows numpy, pyarrow and phonenumbers, and nothing else of ours."""
