import { useMantineColorScheme } from '@mantine/core';
import { ENVIRONMENT } from '../../shell/environment.ts';
import { useSetting, useStoredText } from '../../shell/preferences.ts';
import { ChoiceField, Fields, TextField } from '../../ui/field.tsx';
import { PageHead, Section } from '../../ui/page.tsx';
import { KeySettings } from './key-settings.tsx';
import styles from './settings.module.css';
import { Versions } from './versions.tsx';

const MAX_NAME = 40;

/** Answers: how shall this browser show things. Nothing here leaves it. */
export function Settings() {
  return (
    <>
      <PageHead title="Settings">
        <span>of this browser</span>
      </PageHead>
      <div className={styles['columns']}>
        <Looks />
        <Words />
      </div>
      <Section title="Keys" aside="each presses a control that is on the page anyway">
        <KeySettings />
      </Section>
      <Section title="Versions">
        <Versions />
      </Section>
    </>
  );
}

function Looks() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [density, setDensity] = useSetting('density');
  return (
    <Section title="Looks">
      <Fields>
        <ChoiceField
          label="Theme"
          name="theme"
          value={colorScheme}
          choices={[
            ['auto', 'as the system has it'],
            ['light', 'light'],
            ['dark', 'dark'],
          ]}
          onChange={setColorScheme}
        />
        <ChoiceField
          label="Rows of lists"
          name="density"
          value={density}
          choices={[
            ['compact', 'compact, 32 px'],
            ['comfortable', 'comfortable, 40 px'],
          ]}
          onChange={setDensity}
        />
      </Fields>
    </Section>
  );
}

function Words() {
  const [zone, setZone] = useSetting('zone');
  const [announcements, setAnnouncements] = useSetting('announcements');
  const [environment, keepEnvironment] = useStoredText(ENVIRONMENT);
  return (
    <Section title="Words">
      <Fields>
        <ChoiceField
          label="Times"
          name="zone"
          value={zone}
          choices={[
            ['utc', 'in UTC'],
            ['local', `in local time, ${Intl.DateTimeFormat().resolvedOptions().timeZone}`],
          ]}
          onChange={setZone}
        />
        <ChoiceField
          label="Tell screen readers what arrives"
          name="announcements"
          value={announcements}
          choices={[
            ['on', 'at most one message in 10 seconds'],
            ['off', 'never'],
          ]}
          onChange={setAnnouncements}
        />
        <TextField
          label="Name of this environment, for the bar above"
          value={environment ?? ''}
          placeholder={location.host}
          maxLength={MAX_NAME}
          onChange={(name) => keepEnvironment(name === '' ? null : name)}
        />
      </Fields>
    </Section>
  );
}
