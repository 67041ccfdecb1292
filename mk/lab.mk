# The lab: three hosts and an operator's place; LAB names the driver: netns (if none is named), vm, vagrant.

LAB ?=
lab = O=$(O) LAB=$(LAB) vagrant/lab

up: all ## boot and provision the lab's hosts
	@$(lab) up

provision: all ## install and start the daemons on the lab's hosts again
	@$(lab) provision

verify: ## prove from outside that everything works
	@$(BIN)/ctl verify

halt: ## power the lab's hosts off; their disks stay
	@$(lab) halt

destroy: ## power off and remove the lab whole
	@$(lab) destroy

Vagrantfile: $(O)/vagrant/Vagrantfile ## the lab for Vagrant, from vagrant/topology
$(O)/vagrant/Vagrantfile: vagrant/topology vagrant/vagrantfile vagrant/topology.sh
	@mkdir -p $(@D)
	@vagrant/vagrantfile $(CURDIR) >$@
	@echo "$@"

demo: ## everything, from nothing to a proved deployment
	@O=$(O) LAB=$(LAB) vagrant/demo

vm-image: ## the image that LAB=vm and vm-test share, into build/vm
	@vagrant/vm/image

vm-clean: ## forget the images of the machines (not under a running LAB=vm)
	rm -rf build/vm

.PHONY: vm-image vm-clean up provision verify halt destroy demo Vagrantfile
