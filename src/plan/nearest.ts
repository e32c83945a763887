/** The valid word that was probably meant, or nothing when none is near. Damerau-Levenshtein, a third of it wrong at most. */
export const nearest = (word: string, valid: readonly string[]): string | undefined => {
  const wanted = word.toLowerCase();
  let best: { word: string; distance: number } | undefined;
  for (const candidate of valid) {
    const distance =
      candidate.toLowerCase().startsWith(wanted) && wanted.length > 2
        ? 1
        : editDistance(wanted, candidate.toLowerCase());
    if (
      distance <= Math.max(1, Math.floor(Math.max(candidate.length, wanted.length) / 3)) &&
      (!best || distance < best.distance)
    )
      best = { word: candidate, distance };
  }
  return best?.word;
};

/** ` Did you mean "x"?`, or the list of what is valid when nothing is near. */
export const didYouMean = (word: string, valid: readonly string[]): string => {
  const near = nearest(word, valid);
  if (near !== undefined) return ` Did you mean "${near}"?`;
  return valid.length === 0 ? '' : ` Valid: ${valid.slice(0, 12).join(', ')}${valid.length > 12 ? ', …' : ''}.`;
};

const editDistance = (a: string, b: string): number => {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const previous = rows[i - 1] as number[];
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((previous[j] as number) + 1, (row[j - 1] as number) + 1, (previous[j - 1] as number) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, ((rows[i - 2] as number[])[j - 2] as number) + 1);
      row.push(least);
    }
    rows.push(row);
  }
  return (rows[a.length] as number[])[b.length] as number;
};
