from framework.management import main

main(settings="members.settings:MembersSettings")
