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

/** Characters that no name of ours has: letters of other alphabets that look like ours, marks that reorder, what cannot be seen. */
const strange = /[^\x20-\x7e]/gu;

/** Why a name may look right and be another; nothing for one of plain characters. */
export const lookAlikes = (word: string): string => {
  const found = [...new Set(word.match(strange) ?? [])].slice(0, 3);
  if (found.length === 0) return '';
  const codes = found.map((each) => `U+${each.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`);
  return ` It contains characters that look like others or cannot be seen (${codes.join(', ')}): type it with plain letters.`;
};

/** A name as it may be shown: what would reorder or hide it is gone. */
export const shownName = (word: string): string => word.replaceAll(/[\p{Cc}\p{Cf}]/gu, '').slice(0, 100);

/** ` Did you mean "x"?`, or the list of what is valid when nothing is near. */
export const didYouMean = (word: string, valid: readonly string[]): string => {
  const like = lookAlikes(word);
  const near = nearest(word, valid);
  if (near !== undefined) return `${like} Did you mean "${near}"?`;
  if (like !== '') return like;
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
