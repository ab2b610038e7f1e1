"""Which word was meant by a misspelt one."""

MAX_MISTAKES = 2
MIN_LENGTH = 5  # with two letters wrong, shorter words are like many others


def closest(word, words):
    """The word nearest to `word` of those that differ from it in at most two letters, or None."""
    best, best_mistakes = None, MAX_MISTAKES + 1
    for candidate in words:
        if len(candidate) >= MIN_LENGTH and abs(len(candidate) - len(word)) < best_mistakes:
            mistakes = distance(word, candidate)
            if mistakes < best_mistakes:
                best, best_mistakes = candidate, mistakes
    return best


def distance(left, right):
    """How many letters have to be added, dropped or changed to get from one word to the other."""
    row = list(range(len(right) + 1))
    for i, letter in enumerate(left, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(right, 1):
            changed = diagonal + (letter != other)
            diagonal = row[j]
            row[j] = min(changed, diagonal + 1, row[j - 1] + 1)
    return row[-1]
