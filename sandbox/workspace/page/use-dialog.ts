import { useLayoutEffect, useRef } from 'preact/hooks';

/** Shows a dialog above everything, and gives the focus back to where it was when it goes. */
export const useDialog = () => {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    // Before it is taken out: only a dialog that is closed gives the focus back.
    return () => shown?.close();
  }, []);
  return dialog;
};
