Feature: Cron operating model and ownership

  Scenario: Scheduled jobs run only through command entrypoints
    Given target scheduler manifests are applied
    When a cron task is triggered
    Then execution should call a console command and not an HTTP wrapper endpoint

  Scenario: Queue processor prevents overlap
    Given a queue processing run is already active
    When the scheduler triggers the same queue command
    Then the second run should not start processing jobs

  Scenario: Runtime and domain ownership are both notified on failure
    Given a scheduled platform order pull fails
    When alerting is emitted
    Then Shared Ops should receive the runtime alert
    And Platform Export owner should receive domain-impact notification

  Scenario: Supplier stock import can run in all-suppliers and single-supplier mode
    Given supplier import command supports scope options
    When it runs with --all
    Then all active supplier import settings should be processed
    When it runs with --supplier=23
    Then only supplier 23 should be processed

  Scenario: Session cleanup uses retention policy
    Given session purge configuration defines max session age
    When the session purge command runs
    Then only sessions older than retention should be removed
