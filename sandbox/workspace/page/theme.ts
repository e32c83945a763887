export type Theme = 'auto' | 'light' | 'dark';

const order: Theme[] = ['auto', 'light', 'dark'];

/** As the system says, unless somebody said otherwise here. */
export const theme = {
  now: (): Theme => order.find((each) => each === localStorage.getItem('theme')) ?? 'auto',
  set(chosen: Theme): void {
    localStorage.setItem('theme', chosen);
    document.documentElement.dataset['theme'] = chosen;
  },
  next: (): Theme => order[(order.indexOf(theme.now()) + 1) % order.length]!,
};
