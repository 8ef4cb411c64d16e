import { Modal } from '@mantine/core';
import styles from './dialog.module.css';

/** The parts of Mantine's dialog in our clothes. */
const CLASSES = {
  content: styles['content'] ?? '',
  header: styles['header'] ?? '',
  title: styles['title'] ?? '',
  body: styles['body'] ?? '',
  close: styles['close'] ?? '',
};

/**
 * Asks for a decision over the page; Escape, the button and, unless `closesOutside` is false, a click beside it close
 * it; the focus stays in it and then goes back to where it was.
 */
export function Dialog({
  title,
  opened,
  onClose,
  closesOutside = true,
  children,
}: {
  readonly title: string;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly closesOutside?: boolean;
  readonly children: React.ReactNode;
}) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      closeOnClickOutside={closesOutside}
      title={title}
      size={560}
      radius="sm"
      classNames={CLASSES}
      overlayProps={{ backgroundOpacity: 0.4, blur: 0 }}
      transitionProps={{ transition: 'fade', duration: 120 }}
      // A header in a dialog is no landmark: the page has one banner.
      attributes={{ header: { role: 'presentation' } }}
      closeButtonProps={{ 'aria-label': 'Close' }}
      // Mantine listens on the window, so that the key would go on to the page and leave it, too.
      closeOnEscape={false}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        onClose();
      }}
    >
      {children}
    </Modal>
  );
}
