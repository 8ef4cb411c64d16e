import { Modal } from '@mantine/core';

/** Asks for a decision over the page; Escape and the button close it, the focus goes back to where it was. */
export function Dialog({
  title,
  opened,
  onClose,
  children,
}: {
  readonly title: string;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly children: React.ReactNode;
}) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      size={560}
      radius="sm"
      overlayProps={{ backgroundOpacity: 0.4, blur: 0 }}
      transitionProps={{ transition: 'fade', duration: 120 }}
      closeButtonProps={{ 'aria-label': 'Close' }}
      styles={{
        content: { background: 'var(--raised)', boxShadow: 'var(--overlay-shadow)' },
        header: { background: 'var(--raised)', borderBottom: '1px solid var(--text)', minHeight: 48 },
        title: { fontSize: 16, fontWeight: 600 },
        body: { paddingTop: 16 },
      }}
    >
      {children}
    </Modal>
  );
}
