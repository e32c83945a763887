import { useLayoutEffect, useRef } from 'preact/hooks';

/** Shows a dialog above everything, and gives the focus back to where it was when it goes. */
export const useDialog = () => {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement as HTMLElement | null;
    shown?.showModal();
    return () => {
      // While it is open, nothing outside it can take the focus.
      shown?.close();
      before?.focus();
    };
  }, []);
  return dialog;
};
